# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""A foreign store whose first answer for each object can be kept back, so that a runner is at work for as long."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKET = "warehouse"
# The revision that whoever asks first gets, late, and the one that all others get at once.
LATE, FRESH = "late", "fresh"


class Shelf:
    """One object. Who asks first waits until it is given out."""

    def __init__(self):
        self.asked, self.given = threading.Event(), threading.Event()
        # The address of who asked first.
        self.first = None
        self._lock = threading.Lock()

    def revision_for(self, address):
        with self._lock:
            if self.first is None:
                self.first = address
        self.asked.set()
        if address != self.first:
            return FRESH
        self.given.wait(300)
        return LATE


class Handler(BaseHTTPRequestHandler):
    """Answers for the warehouse of its server."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        shelf = self.server.warehouse.shelf(self.path)
        body = shelf.revision_for(self.client_address[0]).encode()
        try:
            self.send_response(200)
            self.send_header("ETag", f'"{body.decode()}"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)
        except OSError:
            # Who asked is gone.
            self.close_connection = True

    do_GET = do_HEAD

    def log_message(self, *_):
        pass


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that die."""

    daemon_threads = True

    def handle_error(self, *_):
        pass


class Warehouse:
    """The store, at one address; what it holds is made when it is asked for."""

    def __init__(self, address):
        self._shelves, self._lock = {}, threading.Lock()
        self._server = QuietServer((address, 0), Handler)
        self._server.warehouse = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def declaration(self):
        """How the operator tells of it."""
        host, port = self._server.server_address
        return {
            "buckets": [BUCKET],
            "endpoint": f"http://{host}:{port}",
            "allowInsecureHTTP": True,
            "region": "us-east-1",
            "accessKeyId": "any",
            "secretAccessKey": "any",
            "timeoutSeconds": 300,
        }

    def shelf(self, path):
        with self._lock:
            return self._shelves.setdefault(path.rpartition("/")[2], Shelf())

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
