"""A small video server on loopback that keeps every byte it was sent and remembers every byte it answered."""

from __future__ import annotations

import gzip
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

MP4 = bytes(range(256)) * 400


class VideoServer(ThreadingHTTPServer):
    """Answers like the reference API, without ever echoing a prompt; a context manager."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.numbers = count(1)
        self.videos: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.received: list[tuple[str, str, bytes]] = []
        self.answered: list[bytes] = []
        self.refuses = False
        self.zips = False

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def __enter__(self) -> VideoServer:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def handle_error(self, *arguments: Any) -> None:
        """Say nothing of a client that is killed before it has read its answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*arguments)

    def make_video(self, **fields: Any) -> dict[str, Any]:
        video = {
            "id": f"video_{next(self.numbers)}",
            "object": "video",
            "status": "queued",
            "model": "sora-2",
            "created_at": 1_790_000_000,
            "progress": 0,
            **fields,
        }
        self.videos[video["id"]] = video
        return video


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: VideoServer

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        length = self.headers.get("content-length")
        body = self.rfile.read(int(length)) if length else b"".join(iter(self._chunk, b""))
        path = self.path.partition("?")[0]
        self.server.received.append(("POST", path, body))
        if self.server.refuses:
            self._send({"error": {"message": "no", "type": "invalid_request_error"}}, 400)
        elif path == "/v1/files":
            name = f"file-{next(self.server.numbers)}"
            self.server.files[name] = body
            self._send({"id": name, "object": "file", "purpose": "batch", "bytes": len(body)})
        elif path == "/v1/batches":
            asked = json.loads(body)
            told = {"id": "batch_1", "object": "batch", "status": "validating", "output_file_id": "file-out"}
            self._send(told | {"input_file_id": asked["input_file_id"], "metadata": asked.get("metadata")})
        elif path == "/v1/videos/characters":
            self._send({"id": "char_1", "name": "Nova", "created_at": 1_790_000_000})
        elif match := re.fullmatch(r"/v1/videos/([^/]+)/remix", path):
            self._send(self.server.make_video(remixed_from_video_id=match[1]))
        else:
            self._send(self.server.make_video())

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.received.append(("GET", path, b""))
        name = path.rsplit("/", 1)[1]
        if path.startswith("/v1/files/"):
            self._send(self.server.files[path.split("/")[3]], 200, "application/octet-stream")
        elif name in self.server.batches:
            self._send(self.server.batches[name])
        elif path.endswith("/content"):
            self._send(MP4, 200, "video/mp4")
        elif path == "/v1/videos":
            self._send({"object": "list", "data": list(self.server.videos.values()), "has_more": False})
        elif name in self.server.videos:
            self._send(self.server.videos[name])
        else:
            self._send({"error": {"message": "no such video"}}, 404)

    def do_DELETE(self) -> None:
        name = self.path.rsplit("/", 1)[1]
        self._send({"id": name, "object": "video.deleted", "deleted": True})

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _send(self, body: object, status: int = 200, kind: str = "application/json") -> None:
        data = body if isinstance(body, bytes) else json.dumps(body, indent=1).encode()
        if self.server.zips:
            data = gzip.compress(data)
        self.server.answered.append(data)
        self.send_response(status)
        self.send_header("content-type", kind)
        if self.server.zips:
            self.send_header("content-encoding", "gzip")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for start in range(0, len(data), 40_000):
            piece = data[start : start + 40_000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")
