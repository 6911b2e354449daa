"""The thirty-odd words servers use for the state of a job, and the eight the catalog knows."""

from __future__ import annotations

_WORDS_OF = {
    "queued": "queued pending submitted not_start notstarted created starting preparing initializing",
    "in_progress": "in_progress processing running generating postprocessing preprocessing archiving",
    "completed": "completed complete success succeeded done finished",
    "failed": "failed failure fail error",
    "cancelled": "cancelled canceled",
    "expired": "expired",
    "deleted": "deleted",
    "unknown": "unknown",
}

STATUSES = tuple(_WORDS_OF)
_STATUS_OF = {word: status for status, words in _WORDS_OF.items() for word in words.split()}


def canonical_status(word: str) -> str:
    """The catalog's word for a server's, whatever its case, hyphens or margins; `unknown` for one never heard of."""
    return _STATUS_OF.get(word) or _STATUS_OF.get(word.strip().casefold().replace("-", "_"), "unknown")
