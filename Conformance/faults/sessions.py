# Copyright (c) Penstock contributors
# SPDX-License-Identifier: Apache-2.0

"""Sessions of PostgreSQL in a few lines: opened over the cluster's socket, asked, and held for as long as is wanted.

Source: PostgreSQL documentation, Frontend/Backend Protocol.
"""

import socket
import struct

PROTOCOL = 3 << 16


class SessionRefused(Exception):
    """What the server said in place of an answer."""


class Session:
    """One session, without a password; the server trusts who reaches its socket."""

    def __init__(self, path, user="postgres", database="postgres"):
        self.socket = socket.socket(socket.AF_UNIX)
        self._stream = self.socket.makefile("rb")
        self.socket.settimeout(30)
        try:
            self.socket.connect(str(path))
            named = b"".join(part.encode() + b"\0" for part in ("user", user, "database", database)) + b"\0"
            self.socket.sendall(struct.pack("!ii", 8 + len(named), PROTOCOL) + named)
            self._rows()
        except Exception:
            self.close()
            raise

    def ask(self, statement):
        """The rows of a statement, as lists of texts."""
        text = statement.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", 4 + len(text)) + text)
        return self._rows()

    def _rows(self):
        """What comes until the server is ready for the next statement."""
        rows, refusal = [], None
        while True:
            head = self._stream.read(5)
            if len(head) < 5:
                raise refusal or SessionRefused("the connection was closed")
            kind, length = head[:1], struct.unpack("!i", head[1:])[0]
            body = self._stream.read(length - 4)
            if kind == b"E":
                refusal = SessionRefused(self._message(body))
            elif kind == b"D":
                rows.append(self._row(body))
            elif kind == b"Z":
                if refusal:
                    raise refusal
                return rows

    @staticmethod
    def _message(body):
        fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0") if field}
        return f"{fields.get(b'C')}: {fields.get(b'M')}"

    @staticmethod
    def _row(body):
        (count,), offset, values = struct.unpack("!h", body[:2]), 2, []
        for _ in range(count):
            (length,) = struct.unpack("!i", body[offset : offset + 4])
            offset += 4
            values.append(None if length < 0 else body[offset : offset + length].decode())
            offset += max(0, length)
        return values

    def wait_for_end(self):
        """Returns when the server has ended the session, whatever it says of that."""
        try:
            while self._stream.read(1):
                pass
        except ConnectionError:
            pass

    def close(self):
        self._stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
