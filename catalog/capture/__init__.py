"""A hook on the HTTP client of an SDK: it records what a program asks a video server for, as it happens.

    >>> import catalog.capture
    >>> from openai import OpenAI
    >>> http_client = catalog.capture.client("catalog.db", source="studio", facets={"client": "acme"})
    >>> client = OpenAI(http_client=http_client)

The caller's request and answer pass through byte for byte. When the answer is complete, a copy of what matters is
written to a small file beside the library, from which a thread of this process takes it in; the first one makes a
missing library. While the library is locked, of another version, or cannot be made, the file stays, and a later run or
the next command that writes takes it in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.capture.notes import take_in_spool
    from catalog.capture.recorder import flush
    from catalog.capture.transports import async_client, async_transport, client, transport

__all__ = ["async_client", "async_transport", "client", "flush", "take_in_spool", "transport"]

_HOMES = {
    "async_client": "transports",
    "async_transport": "transports",
    "client": "transports",
    "flush": "recorder",
    "take_in_spool": "notes",
    "transport": "transports",
}


def __getattr__(name: str) -> Any:
    """Load a name on its first use: a command that only takes notes in needs no HTTP client."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
