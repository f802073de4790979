# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback that answers with bytes of the test's own, however wrong they are."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

_ENOUGH = 65536


class RawServer:
    """``answer`` gives the parts of the answer to each request, sent one after the other; ``sent`` counts their bytes.

    A client that goes away ends the sending, and so does the end of the server.
    """

    def __init__(self, answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = self.requests = 0
        self._over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_exception) -> None:
        self._over.set()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._speak, args=(self._listener.accept()[0],), daemon=True).start()

    def _speak(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while self._read(client):
                self.requests += 1
                for part in self._answer(self.url):
                    if self._over.is_set():
                        return
                    client.sendall(part)
                    self.sent += len(part)

    @staticmethod
    def _read(client: socket.socket) -> bool:
        """One request with its body; False where the client is done."""
        read = b""
        while b"\r\n\r\n" not in read:
            part = client.recv(_ENOUGH)
            if not part:
                return False
            read += part
        head, _blank, body = read.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
        )
        while len(body) < length:
            body += client.recv(_ENOUGH)
        return True


def whole(status: str, body: bytes, *headers: str) -> bytes:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def for_ever(part: bytes) -> Iterator[bytes]:
    while True:
        yield part
