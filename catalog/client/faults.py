"""What goes wrong on the wire, in words: which faults will not pass, and what a message says of them."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def is_certificate_fault(error: BaseException) -> bool:
    """Whether the certificate of a server is not valid."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def is_refusal(error: httpx.TransportError) -> bool:
    """Whether a proxy answered that it does not let us through."""
    return isinstance(error, httpx.ProxyError) and str(error).startswith("4")


def server_of(url: httpx.URL, proxy: str | None) -> str:
    """The server of a URL, as a message may name it, and the proxy on the way, without its credentials."""
    server = url.netloc.decode("ascii", "replace")
    return f"{server} through the proxy {httpx.URL(proxy).netloc.decode('ascii', 'replace')}" if proxy else server


def reason_of(error: httpx.TransportError, server: str) -> str:
    """What went wrong on the way to a server, for a message."""
    if isinstance(error, httpx.ProxyError):
        return f"cannot connect to {server} (it answered HTTP {str(error)[:3]})"
    if not isinstance(error, httpx.ConnectError):
        return "the answer broke off or is not HTTP"
    if is_certificate_fault(error):
        return f"cannot connect to {server}: its certificate is not valid"
    reasons = (cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror)
    return f"cannot connect to {server} ({next(reasons, 'no such host')})"
