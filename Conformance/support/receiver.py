# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""HTTP endpoints on loopback that remember what they get, and answer as a test says."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What came: the names of headers in lower case, the body as it was sent."""

    path: str
    headers: dict
    body: bytes

    @property
    def document(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: tuple = ()
    body: bytes = b""


class Receiver:
    """Endpoints at one port, told apart by their paths. They answer with 200 where a test says nothing else."""

    def __init__(self):
        # By path: what makes an answer of a request.
        self.answers = {}
        self._requests = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.receiver = self
        self.port = self._server.server_port

    def start(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def requests(self, path):
        """What came to the path, in the order in which it came."""
        with self._lock:
            return [each for each in self._requests if each.path == path]

    def take(self, request):
        with self._lock:
            self._requests.append(request)
        return self.answers.get(request.path, lambda _: Answer())(request)


class Handler(BaseHTTPRequestHandler):
    """Hands what comes to the receiver."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.receiver.take(Request(self.path, headers, body))
        try:
            self._send(answer)
        except ConnectionError:
            # Who asked has not waited.
            self.close_connection = True

    def _send(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_):
        """Says nothing."""
