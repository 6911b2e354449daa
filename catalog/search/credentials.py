"""The fields of Content Credentials: `credentials:changed`, `signer:openai`, `generator:sora`, `source_type:NAME`.

They are about the clips and images of a video, as their newest checks found them. A status is compared whole, `intact`
finds all that begin so; a source type without regard to case and joints; a name of a signer or a program by words in a
row. Such a name is what a file claims, which anybody can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.bitmaps import NO_CREDENTIALS, select_credentials
from catalog.search.facets import accept_folded, accept_phrases, match_phrases, match_values
from catalog.search.fields import explain_name
from catalog.search.query import Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STATUSES = (
    "unsupported", "remote_only", "unreadable", "absent", "changed", "broken", "history_problem", "intact_expired",
    "intact_known_signer", "intact_unknown_signer",
)  # fmt: skip
_INTACT = "intact"
_NAMES = frozenset({"signer", "generator"})


def with_credentials(field: str, values: Sequence[Value], *, is_exact: bool) -> tuple[str, list[Any]]:
    """The SELECT of the `id`s of the videos with one of the values, and the values of its question marks.

    Raises ValueError, with an explanation, for what is not a status.
    """
    match = match_phrases if field in _NAMES else match_values
    test, arguments = match("value", _read(field, values), is_exact=is_exact)
    return f"SELECT id FROM ({select_credentials(field)}) WHERE {test}", arguments


def accept_credentials(field: str, values: Sequence[Value], *, is_exact: bool) -> Callable[[str], bool]:
    """Whether a value of the field is one of these."""
    accept = accept_phrases if field in _NAMES else accept_folded
    return accept(_read(field, values), is_exact=is_exact)


def having_credentials(field: str) -> str:
    """The SELECT of the `id`s of the videos that have any value; of `credentials`, that have some, good or not."""
    without = ", ".join(f"'{status}'" for status in NO_CREDENTIALS)
    test = f"value NOT IN ({without})" if field == "credentials" else "value <> ''"
    return f"SELECT id FROM ({select_credentials(field)}) WHERE {test}"


def _read(field: str, values: Sequence[Value]) -> list[Value]:
    """The values; of a status, checked and with all that it means."""
    if field != "credentials":
        return list(values)
    statuses: list[Value] = []
    for value in values:
        name = value.text.lower().replace("-", "_").replace(" ", "_")
        if value.is_prefix or name in STATUSES:
            statuses.append(value)
        elif name == _INTACT:
            statuses.append(Value(_INTACT, is_prefix=True))
        else:
            raise ValueError(explain_name("status of credentials", str(value), STATUSES))
    return statuses
