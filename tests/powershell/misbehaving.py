# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An https server on 127.0.0.1 that misbehaves as its paths say, and a proxy on the same port. Standard library only.

    /good /how /cookie /header          200; how it was asked (direct, proxied); the cookie, or the header X-Proof, that
                                        came with the request
    /missing /forbidden                 404, 403
    /to-good /to-http /round            redirects: here, away from https, to itself
    /hops-N                             as many redirects, then 200
    /cut /chunks-cut                    ends before its end
    /slow /silent                       begins and stops; never begins; both end when nobody waits any more
    /large                              more than a limit that a test has lowered

A connection that begins in plain text is one to a proxy: CONNECT to denied.winops.test is answered with 407, to
gone.winops.test with 502; to any other name it is led here, to cookies.winops.test one after the other. The server
refuses TLS as notls.winops.test, and on its second port. Its certificate, which must be trusted for all this
(SSL_CERT_FILE), is for 127.0.0.1 and *.winops.test.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import typing as t
from pathlib import Path

CERTIFICATE = Path(__file__).with_name("loopback.pem")
FILE = b"downloaded"
LARGE = b"x" * 5000
TLS_RECORD = b"\x16"
REFUSAL = bytes.fromhex("15030300020228")
"""A fatal alert: handshake_failure."""
REDIRECTS = {"/to-good": "/good", "/to-http": "http://127.0.0.1/key=1", "/round": "/round"}
MUCH_LATER = 20
"""Seconds after which the server goes away from whoever waits longer than a test has told him to."""
STATUSES = {200: "OK", 302: "Found", 403: "Forbidden", 404: "Not Found", 407: "Proxy Authentication", 502: "Bad"}


class Server:
    """Serves until it is closed. ``address`` is host:port, ``refusing`` that of the port that refuses TLS."""

    def __init__(self) -> None:
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(CERTIFICATE)
        self.open: set[socket.socket] = set()
        # One after the other, so that a cookie of the first answer could be in the second request.
        self.turn = threading.Lock()
        self.listeners = [self._listen(self._serve), self._listen(self._refuse)]
        self.address, self.refusing = (f"127.0.0.1:{one.getsockname()[1]}" for one in self.listeners)

    def close(self) -> None:
        for one in [*self.listeners, *self.open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self, serve: t.Callable[[socket.socket], None]) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 0))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _peer = listener.accept()
                    self.open.add(connection)
                    threading.Thread(target=self._guarded, args=(serve, connection), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener

    def _guarded(self, serve: t.Callable[[socket.socket], None], connection: socket.socket) -> None:
        # A client that goes away, or does not trust the certificate, is what the tests are about.
        with contextlib.suppress(OSError), connection:
            serve(connection)
        self.open.discard(connection)

    def _refuse(self, connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(REFUSAL)
        _drain(connection)

    def _serve(self, connection: socket.socket) -> None:
        if connection.recv(1, socket.MSG_PEEK) == TLS_RECORD:
            self._serve_tls(connection, "direct")
            return
        method, target, _headers = _read_request(connection)
        host = target.partition(":")[0]
        status = {"denied.winops.test": 407, "gone.winops.test": 502}.get(host, 200)
        if method != "CONNECT" or status != 200:
            _answer(connection, status, b"proxied")
            return
        with self.turn if host == "cookies.winops.test" else contextlib.nullcontext():
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if host == "notls.winops.test":
                self._refuse(connection)
            else:
                self._serve_tls(connection, "proxied")

    def _serve_tls(self, connection: socket.socket, how: str) -> None:
        with self.tls.wrap_socket(connection, server_side=True) as secure:
            self.open.add(secure)
            _method, path, headers = _read_request(secure)
            if path == "/cookie":
                _answer(secure, 200, headers.get("cookie", "none").encode(), {"Set-Cookie": "seen=yes; path=/"})
                _drain(secure)
            else:
                _misbehave(secure, path, headers.get("x-proof", "none") if path == "/header" else how)
            self.open.discard(secure)


def _misbehave(connection: socket.socket, path: str, how: str) -> None:
    if path in ("/silent", "/slow"):
        connection.settimeout(MUCH_LATER)
    if path == "/silent":
        _drain(connection)
    elif path in ("/cut", "/slow"):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n" + FILE)
        if path == "/slow":
            _drain(connection)
    elif path == "/chunks-cut":
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n" + FILE + b"\r\n")
    elif path.startswith("/hops-") and path != "/hops-0":
        _answer(connection, 302, b"", {"Location": f"/hops-{int(path[6:]) - 1}"})
    elif path in REDIRECTS:
        _answer(connection, 302, b"", {"Location": REDIRECTS[path]})
    elif path in ("/how", "/header"):
        _answer(connection, 200, how.encode())
    else:
        status = {"/missing": 404, "/forbidden": 403}.get(path, 200)
        _answer(connection, status, LARGE if path == "/large" else FILE)


def _answer(connection: socket.socket, status: int, body: bytes, headers: t.Mapping[str, str] | None = None) -> None:
    lines = [f"HTTP/1.1 {status} {STATUSES[status]}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii") + body)


def _read_request(connection: socket.socket) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers by lower-case name."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1)
        if not more:
            raise ConnectionAbortedError("the client went away")
        data += more
    first, *lines = data.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    fields = (line.partition(":") for line in lines if line)
    return method, target, {name.lower(): value.strip() for name, _colon, value in fields}


def _drain(connection: socket.socket) -> None:
    """Until the client goes away, or the server is closed."""
    while connection.recv(4096):
        pass
