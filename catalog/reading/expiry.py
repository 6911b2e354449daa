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
# Not a column alone, or its index would be walked: nearly every video is completed, and few addresses expire soon.
_HAS_RESULT = "coalesce(videos.status, '') = 'completed' AND videos.deleted_at IS NULL"

EXPIRES = f"coalesce(videos.expires_at, {_RECKONED})"
_LONGEST = max(LIFETIMES.values())
_IS_NAMED = "videos.expires_at > {now} AND videos.expires_at <= {soon}"
# Bounds that an index answers; `completed_at` and `created_at` are asked apart, so that each can use its own.
_IS_LATE = f"> {shifted('{now}', f'-{_LONGEST}')}"
_IS_RECKONED = (
    f"videos.expires_at IS NULL AND {_DIALECT} IN ({_NAMES}) AND {_RECKONED} > {{now}} AND {_RECKONED} <= {{soon}}"
)
_WAYS = (
    _IS_NAMED,
    f"videos.completed_at {_IS_LATE} AND {_IS_RECKONED}",
    f"videos.completed_at IS NULL AND videos.created_at {_IS_LATE} AND {_IS_RECKONED}",
)


def expiring(now: str = ":now", soon: str = ":soon") -> str:
    """SQL for finished videos whose addresses work at `now` and no longer at `soon`, named or reckoned.

    `now` and `soon` are placeholders; as question marks they stand for `now soon`, then twice for `now now soon`.
    """
    ways = (f"SELECT videos.id FROM videos WHERE {_HAS_RESULT} AND {way}" for way in _WAYS)
    return f"videos.id IN ({' UNION ALL '.join(ways).format(now=now, soon=soon)})"


EXPIRING = expiring()
IS_ABOUT = "videos.expires_at IS NULL"  # among these: only reckoned
