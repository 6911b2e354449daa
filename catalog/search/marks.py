"""The fields of what files say of themselves: `mark:aigc`, `tool:comfyui`, `workflow:prompt`, `has:workflow`.

Nobody has signed any of it. Any file of a video counts but what went into it, such as a picture to begin from: that
says nothing of what was made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.bitmaps import MARKS, SAYING
from catalog.search.facets import accept_folded
from catalog.search.fields import explain_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.search.query import Value


def read_marks(field: str, values: Sequence[Value]) -> list[str]:
    """The values of a field that a term asks for; raises ValueError, with an explanation, for what is none."""
    known = MARKS[field]
    wanted: dict[str, None] = {}
    for value in values:
        names = list(filter(accept_folded([value], is_exact=True), known))
        if not names:
            raise ValueError(explain_name(_NOUNS.get(field, field), str(value), known))
        wanted |= dict.fromkeys(names)
    return list(wanted)


def having_marks(field: str, values: Iterable[str] | None = None) -> str:
    """The SELECT of the `id`s of the videos with one of these values of a field, by default with any."""
    wanted = MARKS[field] if values is None else values
    test = " OR ".join(f"instr(' ' || files.marks || ' ', ' {field}:{value} ')" for value in wanted)
    return f"SELECT files.video_id AS id FROM files WHERE {SAYING} AND ({test})"


_NOUNS = {"workflow": "kind of workflow"}
