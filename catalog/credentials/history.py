"""What two checks of a file say about each other: whether a check is worth repeating, and why a status moved.

Pure functions over what the library keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.provenance import INTACT
from catalog.provenance.words import clean, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from catalog.reading.credentials import KeptCheck

_NONE = frozenset({"unsupported", "absent"})  # statuses of a file in which no credentials were seen
_MOST_NAMED = 5  # lists in a reason


def could_move(
    check: KeptCheck, *, sha256: str, lists: Iterable[tuple[str, str]], reader: str, now: datetime, end: datetime | None
) -> bool:
    """Whether the status of this check could be another today.

    `sha256` is of the bytes that the file should have, `lists` are the URIs and hashes of the trust lists, `reader` is
    what the name of the reader begins with, `end` is when the signer's certificate ends.
    """
    return (
        check.status == "unreadable"
        or check.is_detached  # by a file that nobody watches
        or check.sha256 != sha256
        or not (check.reader or "").startswith(reader)
        or (check.status in INTACT and set(_read_lists(check)) != set(lists))
        or (check.status in INTACT and _ended_between(check.checked_at, end, now))
    )


def explain_move(before: KeptCheck, after: KeptCheck, end: datetime | None = None) -> str | None:
    """Why the second check has another status: the file, the certificate's end, the lists or the reader.

    None where it has the same. `end` is when the certificate ends that the first one found.
    """
    if before.status == after.status:
        return None
    causes = (
        _compare_files(before, after),
        _compare_times(before, after, end),
        _compare_lists(before, after),
        _compare_readers(before, after),
    )
    return next(filter(None, causes), "for a reason that the checks do not tell")


def _compare_files(before: KeptCheck, after: KeptCheck) -> str:
    if before.sha256 != after.sha256:
        if before.sha256 and after.sha256:
            return "the file: its bytes are others"
        return "the file: it could not be read " + ("this time" if before.sha256 else "then")
    if before.is_detached != after.is_detached:
        return "the file: the detached manifest beside it " + ("came" if after.is_detached else "went")
    return ""


def _compare_times(before: KeptCheck, after: KeptCheck, end: datetime | None) -> str:
    if after.status == "intact_expired" and end and _ended_between(before.checked_at, end, after.checked_at):
        return f"the certificate: it ended on {end:%Y-%m-%d}"
    return ""


def _compare_lists(before: KeptCheck, after: KeptCheck) -> str:
    """`the trust lists: "a list" was added, "another" was renewed`; empty where they cannot be the reason."""
    if not {before.status, after.status} <= INTACT:
        return ""
    old, new = ({each.get("uri"): each for each in check.lists} for check in (before, after))
    acts = [(each, "was added") for uri, each in new.items() if uri not in old]
    acts += [(each, "was removed") for uri, each in old.items() if uri not in new]
    renewed = [uri for uri in new if uri in old and old[uri].get("sha256") != new[uri].get("sha256")]
    acts += [(new[uri], "was renewed") for uri in renewed]
    named = [f"{quote(str(each.get('name')))} {act}" for each, act in acts[:_MOST_NAMED]]
    named += [f"{len(acts) - _MOST_NAMED} more"] if len(acts) > _MOST_NAMED else []
    return f"the trust lists: {', '.join(named)}" if named else ""


def _compare_readers(before: KeptCheck, after: KeptCheck) -> str:
    if before.reader == after.reader:
        return ""
    old, new = (clean(check.reader) or "an unnamed one" for check in (before, after))
    return f"the reader: {old} then, {new} now"


def find_lost(checks: Sequence[KeptCheck]) -> datetime | None:
    """When credentials were last seen in a file whose newest check, the last, found none; None where none are lost."""
    if not checks or checks[-1].status != "absent":
        return None
    return next((check.checked_at for check in reversed(checks) if _had_credentials(check)), None)


def _had_credentials(check: KeptCheck) -> bool:
    return check.store_id is not None or check.status not in {*_NONE, "unreadable"}


def _ended_between(start: datetime, end: datetime | None, now: datetime) -> bool:
    return end is not None and start <= end <= now


def _read_lists(check: KeptCheck) -> list[tuple[str, str]]:
    return [(str(each.get("uri")), str(each.get("sha256"))) for each in check.lists]
