"""One document from an address that the user named: nothing of an account, no key, and all bounds of other calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.client.addresses import Base, kind_of, literal
from catalog.client.failures import Subject
from catalog.client.session import Bounds, Clock, Session
from catalog.errors import ConfigError

if TYPE_CHECKING:
    import httpx

    from catalog.client.addresses import Guard
    from catalog.errors import SourceError

SECONDS = 60.0
_HEADERS = {"Accept": "*/*"}


class _Document(Subject):
    """A document that is fetched, for messages: what helps is another address."""

    def error(self, kind: type[SourceError], problem: str, *, advice: str = "", **data: Any) -> SourceError:
        return super().error(kind, problem, advice=advice or "check the address and the network", **data)


def fetch_document(
    url: str, doing: str, *, longest: int, seconds: float = SECONDS, clock: Clock | None = None
) -> bytes:
    """The bytes behind a URL, `longest` of them at most; `doing` says for messages what is fetched.

    A redirect may lead to the public internet or to where the URL leads. Raises ConfigError for a URL that cannot be
    used, and SourceError.
    """
    base = _read_base(url)
    bounds = Bounds(deadline=seconds, content_deadline=seconds, media_cap=longest)
    session = Session(base, key="", key_header={}, bounds=bounds, clock=clock or Clock())

    def address(guard: Guard) -> httpx.URL:
        return guard.read(url)

    try:
        with session.open_media(_Document(base.host, doing), address, _HEADERS, takes_pages=True) as content:
            return b"".join(content.iter_bytes())
    finally:
        session.close()


def _read_base(url: str) -> Base:
    """The server of a URL; only one on this machine may do without TLS."""
    base = Base.parse(url)
    ip = literal(base.host)
    is_here = base.host == "localhost" or (ip is not None and kind_of(str(ip)) == "loopback")
    if base.scheme != "https" and not is_here:
        raise ConfigError(f"the address ({base.host}) must start with https://: whoever is on the way could change it")
    return base
