"""What a video can be said to be, `is:NAME`, each as SQL on a row of `videos`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from catalog.reading.expiry import EXPIRING_WITHIN, expiring
from catalog.reading.statistics import STALLED_AFTER, stalled
from catalog.records import TERMINAL_STATUSES, UNFINISHED_STATUSES, utc_text
from catalog.search.files import STATES, having

if TYPE_CHECKING:
    from datetime import datetime

_STATUSES = sorted({*TERMINAL_STATUSES, *UNFINISHED_STATUSES} - {"deleted"})  # is:deleted is about the user's own act
_PLAIN = {
    **{name: f"videos.status = '{name}'" for name in _STATUSES},
    "unfinished": f"videos.status IN {UNFINISHED_STATUSES}",
    "terminal": f"videos.status IN {tuple(sorted(TERMINAL_STATUSES))}",
    "gone": "videos.gone_at IS NOT NULL",
    "deleted": "videos.deleted_at IS NOT NULL",
    "remix": "videos.id IN (SELECT links.child_id FROM links WHERE links.relation = 'remix')",
    "root": "videos.id NOT IN (SELECT links.child_id FROM links)",
    **{name: f"videos.id IN ({having(name)})" for name in STATES},
}
CLAIMS = (*_PLAIN, "expiring", "stalled")


def make_claim(name: str, now: datetime) -> tuple[str, list[Any]]:
    """The SQL of one of CLAIMS at this time, and the values of its question marks."""
    if name == "expiring":
        moment, soon = (utc_text(now + timedelta(seconds=seconds)) for seconds in (0, EXPIRING_WITHIN))
        return expiring("?", "?"), [moment, soon, *(moment, moment, soon) * 2]
    if name == "stalled":
        return stalled("?"), [utc_text(now - timedelta(seconds=STALLED_AFTER))]
    return _PLAIN[name], []
