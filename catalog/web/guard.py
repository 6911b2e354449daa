"""What keeps other sites out of the library's pages: host names, redirects and the headers of every answer."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import BaseLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from jinja2 import Environment

    from catalog.web.application import Application, Message, Receive, Send

HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send the Origin `null` with a form of our own
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline' data:; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_POLICY_NAME = "Content-Security-Policy"
_REPLACED = frozenset(name.lower().encode() for name in (*HEADERS, _POLICY_NAME))

_PORT = re.compile(r":\d*$")
_SCRIPT = re.compile(r"<script(?=[\s>])")
_LEADING = re.compile(r"[\s\x00-\x20/\\]*")  # what browsers skip, or read as a slash
_nonce: ContextVar[str] = ContextVar("nonce", default="")


def only_for(application: Application, names: Collection[str]) -> Application:
    """The application for requests to these host names, and status 421 for all others.

    Another site can point a name of its own at this machine, and would then share an origin with the library.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _host(scope) in names:
            await application(scope, receive, send)
        else:
            await answer_plainly(send, 421, "This address shows the library to its own machine only.")

    return guarded


def with_headers(application: Application) -> Application:
    """The application, with the headers that keep other sites out on whatever it answers, and redirects that stay."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        _nonce.set(nonce)
        has_started = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message = {**message, "headers": _headers(message.get("headers", []), nonce)}
            await send(message)

        if b"\\" in scope["raw_path"]:
            await answer_plainly(send_guarded, 400, "An address has no backslash: browsers read it as a slash.")
            return
        try:
            await application(scope, receive, send_guarded)
        except Exception:
            if not has_started:
                await answer_plainly(send_guarded, 500, "The server failed at this page.")
            raise

    return guarded


def policy_headers(nonce: str) -> list[tuple[bytes, bytes]]:
    """The headers of every answer; scripts of our templates carry the nonce."""
    headers = {**HEADERS, _POLICY_NAME: POLICY.format(nonce=nonce)}
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _headers(headers: Any, nonce: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with ours; pages of our own have a policy already, which is stricter."""
    if any(name.lower() == _POLICY_NAME.lower().encode() for name, _ in headers):
        return list(headers)
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in _REPLACED]
    if any(name == b"location" for name, _ in kept):
        kept = [(name, own_path(value) if name == b"location" else value) for name, value in kept if name != b"link"]
    return kept + policy_headers(nonce)


def own_path(location: bytes) -> bytes:
    """The location as a path of this server, however it is written: browsers read `/\\host/` as another host."""
    text = location.decode("utf-8", "replace")
    if text.startswith("?"):
        return quote(text, safe=_KEPT).encode()
    return ("/" + quote(text[_end_of_leading(text) :], safe=_KEPT)).encode()


_KEPT = "/?#[]@!$&'()*+,;=%:~-._"


def _end_of_leading(text: str) -> int:
    match = _LEADING.match(text)
    return match.end() if match else 0


def allow_own_scripts(environment: Environment) -> None:
    """Let the scripts that stand in templates run, and none that a page came to hold through what it shows."""
    if environment.loader is not None:
        environment.loader = _Loader(environment.loader)
    environment.globals["script_nonce"] = _nonce.get


class _Loader(BaseLoader):
    """Templates of another loader, whose scripts carry the nonce."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, name, is_current = self._loader.get_source(environment, template)
        return _SCRIPT.sub('<script nonce="{{ script_nonce() }}"', source), name, is_current

    def list_templates(self) -> list[str]:
        return self._loader.list_templates()


def find_foreign(headers: Mapping[str, str]) -> str | None:
    """Why a request, by its headers in lower case, is not from a page of this server, None where it is."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site not in {None, "same-origin"}:
        return "this request comes from another site"
    if origin is None:
        return None if site else "this request does not say which page it comes from"
    host = headers.get("host", "").lower()
    return None if origin.lower() in {f"http://{host}", f"https://{host}"} else "the origin is another site"


async def answer_plainly(send: Send, status: int, text: str, *more: tuple[bytes, bytes]) -> None:
    """Answer with one line of text."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *more]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})


def _host(scope: Message) -> str:
    """The host name in the request, without the port."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return _PORT.sub("", host.decode("latin-1")).lower()
