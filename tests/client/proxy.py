"""A small real proxy on loopback: forwards plain HTTP, tunnels by CONNECT, and may want a password."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit


class Proxy:
    """A context manager that keeps what it is asked; `hosts` says at which port of this machine each host really is."""

    def __init__(self, hosts: dict[str, int], password: str | None = None) -> None:
        self._hosts = hosts
        self._expected = None if password is None else base64.b64encode(f"me:{password}".encode()).decode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._connections = ExitStack()
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._connections.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._connections.enter_context(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (received := client.recv(65536)):
                    return
                head += received
            first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ")
            self.asked.append(f"{method} {target}")
            if self._expected and f"proxy-authorization: Basic {self._expected}".lower() not in map(str.lower, lines):
                client.sendall(b"HTTP/1.1 407 Who\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            url = urlsplit(target)
            with socket.create_connection(("127.0.0.1", self._hosts[url.netloc or target])) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    path = f"{url.path}?{url.query}" if url.query else url.path
                    rest = [line for line in lines if not line.lower().startswith("proxy-")]
                    server.sendall("\r\n".join([f"{method} {path} HTTP/1.1", *rest, "", ""]).encode("latin-1"))
                threading.Thread(target=_pump, args=(client, server), daemon=True).start()
                _pump(server, client)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
