"""Senders of webhooks, honest and not: requests as bytes, signed here and not by the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

KEY = b"the key of the soak, 32 bytes!!!"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
SECRET_ENV = "CATALOG_WEBHOOK_SECRET"
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class Answered(NamedTuple):
    """The status that a sender was answered with, None for no answer, and the seconds until then."""

    status: int | None
    seconds: float


def send(url: str, request: bytes, *, is_all: bool = False) -> Answered:
    """Send the bytes of a request, and read what comes back; `is_all` says that nothing follows, however it looks."""
    host, _, port = url.removeprefix("http://").partition(":")
    started, answer = time.monotonic(), b""
    try:
        with socket.create_connection((host, int(port)), timeout=LONG) as connection:
            connection.sendall(request)
            if is_all:
                connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65536):
                answer += received
    except OSError:
        pass
    found = _STATUS.match(answer)
    return Answered(int(found[1]) if found else None, time.monotonic() - started)


def sign_event(webhook_id: str, video_id: str) -> bytes:
    """The request of an honest sender: a job is done."""
    body = make_event(video_id)
    return post(sign(webhook_id, body), body)


def make_event(video_id: object, kind: str = "video.completed") -> bytes:
    event = {"id": f"evt_{video_id}", "object": "event", "created_at": int(time.time()), "type": kind}
    return json.dumps({**event, "data": {"id": video_id}}).encode()


def sign(webhook_id: str, body: bytes, moment: object = None, key: bytes = KEY) -> dict[str, str]:
    """The headers of the Standard Webhooks scheme, signed with a key."""
    moment = str(int(time.time()) if moment is None else moment)
    digest = hmac.new(key, f"{webhook_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": signature}


def post(
    headers: Mapping[str, str], body: bytes, *, method: str = "POST", path: str = "/webhook", length: object = ""
) -> bytes:
    """The bytes of a request; `length` takes the place of the true one, and None leaves its header out."""
    told = {} if length is None else {"Content-Length": str(len(body)) if length == "" else str(length)}
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in {**headers, **told}.items()),
    ]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def forge(number: int, chance: Random) -> bytes:
    """The bytes of a delivery that must not be kept, each kind in its turn."""
    forgeries = list(FORGERIES.values())
    return forgeries[number % len(forgeries)](f"forged_{number}", make_event(f"forged_{number}"), chance)


Forgery = Callable[[str, bytes, "Random"], bytes] if TYPE_CHECKING else None


def _headers(change: Callable[[dict[str, str], Random], object]) -> Forgery:
    """A forgery by headers that are changed after signing."""

    def make(webhook_id: str, body: bytes, chance: Random) -> bytes:
        headers = sign(webhook_id, body)
        change(headers, chance)
        return post(headers, body)

    return make


def _moment(moment: Callable[[int, Random], object]) -> Forgery:
    """A forgery of which only the time is wrong: its signature fits."""
    return lambda name, body, chance: post(sign(name, body, moment(int(time.time()), chance)), body)


def _signature(change: Callable[[str, Random], str]) -> Forgery:
    name = "webhook-signature"
    return _headers(lambda headers, chance: headers.update({name: change(headers[name], chance)}))


def _body(body: bytes) -> Forgery:
    """A signed body that is no event about a video."""
    return lambda name, _body, _chance: post(sign(name, body), body)


def _flip(signature: str, chance: Random) -> str:
    """The signature with one bit another."""
    digest = bytearray(base64.b64decode(signature[3:]))
    digest[chance.randrange(len(digest))] ^= 1 << chance.randrange(8)
    return f"v1,{base64.b64encode(digest).decode()}"


FORGERIES: dict[str, Forgery] = {
    "one bit of the signature": _signature(_flip),
    "another key": lambda name, body, chance: post(sign(name, body, key=chance.randbytes(32)), body),
    "the secret's text as key": lambda name, body, _: post(sign(name, body, key=SECRET.encode()), body),
    "an empty key": lambda name, body, _: post(sign(name, body, key=b""), body),
    "too old": _moment(lambda now, chance: now - 302 - chance.randrange(10**6)),
    "from the future": _moment(lambda now, chance: now + 310 + chance.randrange(10**6)),
    "in milliseconds": _moment(lambda now, _: now * 1000),
    "negative time": _moment(lambda now, _: -now),
    "time that is no number": _moment(lambda _, chance: chance.choice(("nan", "inf", "0x10", "", "now"))),
    "time with a sign": _moment(lambda now, _: f"+{now}"),
    "time with a fraction": _moment(lambda now, _: f"{now}.5"),
    "time without end": _moment(lambda _, __: "9" * 400),
    "a hundred wrong signatures": _signature(
        lambda _, chance: " ".join(_flip(f"v1,{'A' * 43}=", chance) for _ in range(100))
    ),
    "another version": _signature(lambda text, _: "v2," + text[3:]),
    "an asymmetric version": _signature(lambda text, _: "v1a," + text[3:]),
    "no version": _signature(lambda text, _: text[3:]),
    "a cut signature": _signature(lambda text, chance: text[: chance.randrange(4, len(text) - 1)]),
    "not base64": _signature(lambda _, __: "v1,@@@@"),
    "an empty signature": _signature(lambda _, __: "v1,"),
    "not ASCII": _signature(lambda _, __: "v1,\xff\xfe"),
    "no signature": _headers(lambda headers, _: headers.pop("webhook-signature")),
    "no time": _headers(lambda headers, _: headers.pop("webhook-timestamp")),
    "no id": _headers(lambda headers, _: headers.pop("webhook-id")),
    "another id": _headers(lambda headers, _: headers.update({"webhook-id": headers["webhook-id"] + "x"})),
    "a moved dot": _headers(
        lambda headers, _: headers.update({"webhook-id": f"{headers['webhook-id']}.{headers['webhook-timestamp']}"})
    ),
    "another body": lambda name, body, _: post(sign(name, body), body.replace(b"completed", b"failed")),
    "a longer body": lambda name, body, _: post(sign(name, body), body + b" "),
    "a shorter body": lambda name, body, _: post(sign(name, body), body[:-1]),
    "GET": lambda name, body, _: post(sign(name, body), body, method="GET"),
    "PUT": lambda name, body, _: post(sign(name, body), body, method="PUT"),
    "another path": lambda name, body, _: post(sign(name, body), body, path="/admin"),
    "a path with two slashes": lambda name, body, _: post(sign(name, body), body, path="//webhook"),
    "no length": lambda name, body, _: post(sign(name, body), body, length=None),
    "a negative length": lambda name, body, _: post(sign(name, body), body, length=-1),
    "a huge length": lambda name, body, _: post(sign(name, body), body, length=10**12),
    "two lengths": lambda name, body, _: post(sign(name, body), body, length=f"{len(body)}\r\nContent-Length: 5"),
    "two framings": lambda name, body, _: post({**sign(name, body), "Transfer-Encoding": "chunked"}, body),
    "a bad chunk": lambda name, body, _: post(
        {**sign(name, body), "Transfer-Encoding": "chunked"}, b"zz\r\n" + body, length=None
    ),
    "not HTTP": lambda _, __, chance: chance.randbytes(200) + b"\r\n\r\n",
    "HTTP/2": lambda _, __, ___: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": lambda _, __, chance: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + chance.randbytes(100) + b"\r\n\r\n",
    "signed, not JSON": _body(b"not json"),
    "signed, a list": _body(b"[1]"),
    "signed, no id": _body(b'{"type": "video.completed", "data": {}}'),
    "signed, a number as id": _body(b'{"type": "video.completed", "data": {"id": 7}}'),
    "signed, NaN": _body(b'{"type": "video.completed", "data": {"id": "x", "n": NaN}}'),
    "signed, not UTF-8": _body(b'{"type": "video.completed", "data": {"id": "\xff"}}'),
    "signed, half a character": _body(b'{"type": "video.completed", "data": {"id": "\\ud800"}}'),
    "signed, a control character": _body(b'{"type": "video.completed", "data": {"id": "a\\u0000b"}}'),
    "signed, without end": _body(b"[" * 200_000),
    "signed, too large": _body(b'{"type": "video.completed", "data": {"id": "x"}, "a": "' + b"x" * (2 << 20) + b'"}'),
}
