"""The receiver of webhooks: a server reports that a job is done, and retrieving the job shows what became of it.

A delivery is verified over its raw bytes, kept in the library, and only then acknowledged; a repeated delivery is
acknowledged and has no effect. A thread then retrieves the job until the server says how it ended or 72 hours have
passed, starting with the deliveries that an earlier receiver left waiting. When no job is left to retrieve, the thread
reads the new prompts; another one checks the credentials of new files. No sender waits for that. Bad input gets a 4xx;
only a busy library gets a 503, which makes the sender deliver again.

Importing this module loads hardly anything, because the command line takes its defaults from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.settings import WEBHOOK_SECRET_ENV

if TYPE_CHECKING:
    from catalog.hooks.receiver import Receiver, read_secrets, serve_hooks
    from catalog.hooks.retriever import growing_pause

__all__ = ["DEFAULT_PORT", "DEFAULT_SECRET_ENV", "Receiver", "growing_pause", "read_secrets", "serve_hooks"]

DEFAULT_PORT = 8765
DEFAULT_SECRET_ENV = WEBHOOK_SECRET_ENV

_HOMES = {"Receiver": "receiver", "growing_pause": "retriever", "read_secrets": "receiver", "serve_hooks": "receiver"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
