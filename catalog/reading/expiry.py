"""Until when the addresses of a video work: as its server says, else about when, by what its dialect documents.

Where no answer names an expiry, it is reckoned: the time of completion, or of creation where that is not known, plus
the lifetime of addresses in the dialect of the source. A reckoned time is never stored: say "about" with it.
"""

from __future__ import annotations

from catalog.database import shifted
from catalog.wire.dialects import LIFETIMES

EXPIRING_WITHIN = 3600.0  # seconds

_NAMES = ", ".join(f"'{name}'" for name in LIFETIMES)
_DIALECT = "(SELECT dialect FROM sources WHERE sources.name = videos.source)"
_CASES = " ".join(f"WHEN '{name}' THEN {seconds}" for name, seconds in LIFETIMES.items())
_RECKONED = shifted("coalesce(videos.completed_at, videos.created_at)", f"CASE {_DIALECT} {_CASES} END")
_HAS_RESULT = "videos.status = 'completed' AND videos.deleted_at IS NULL"

EXPIRES = f"coalesce(videos.expires_at, {_RECKONED})"
_IS_NAMED = "videos.expires_at > {now} AND videos.expires_at <= {soon}"
_IS_RECKONED = (
    f"videos.expires_at IS NULL AND videos.source IN (SELECT name FROM sources WHERE dialect IN ({_NAMES})) "
    f"AND {_RECKONED} > {{now}} AND {_RECKONED} <= {{soon}}"
)


def expiring(now: str = ":now", soon: str = ":soon") -> str:
    """SQL for finished videos whose addresses work at `now` and no longer at `soon`, named or reckoned.

    `now` and `soon` are placeholders; each stands in it twice, first `now`, then `soon`.
    """
    named, reckoned = _IS_NAMED.format(now=now, soon=soon), _IS_RECKONED.format(now=now, soon=soon)
    return f"{_HAS_RESULT} AND (({named}) OR ({reckoned}))"


EXPIRING = expiring()
IS_ABOUT = "videos.expires_at IS NULL"  # among these: only reckoned
