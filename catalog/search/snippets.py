"""The part of a prompt that matches a query, with the matching words between `[` and `]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.database import Reader
    from catalog.search.plan import Plan

_OPEN, _CLOSE, _MORE = "\x02", "\x03", "…"
_TOKENS = 24
_BEFORE, _AFTER = 40, 120  # characters around the first fragment
_SELECT = (
    f"SELECT rowid, snippet(videos_fts, 0, '{_OPEN}', '{_CLOSE}', '{_MORE}', {_TOKENS}) FROM videos_fts "
    "WHERE videos_fts MATCH :match AND rowid IN :ids"
)


def read_snippets(connection: Reader, plan: Plan, ids: Sequence[int]) -> dict[int, str]:
    """The snippets of these videos by row id; a video that matches by something other than its prompt has none."""
    snippets: dict[int, str] = {}
    if plan.match is not None:
        for video_id, text in connection.execute(_SELECT, {"match": plan.match, "ids": list(ids)}):
            if text and _OPEN in text:
                snippets[video_id] = text.replace(_OPEN, "[").replace(_CLOSE, "]")
    missing = [video_id for video_id in ids if video_id not in snippets]
    if plan.fragments and missing:
        query = "SELECT id, prompt FROM videos WHERE id IN :ids"
        for video_id, prompt in connection.execute(query, {"ids": missing}):
            if text := mark_fragments(prompt or "", plan.fragments):
                snippets[video_id] = text
    return snippets


def mark_fragments(prompt: str, fragments: Sequence[str]) -> str | None:
    """The prompt around its first fragment, with every fragment marked; None where the prompt lacks them all."""
    longest_first = sorted(fragments, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    first = pattern.search(prompt)
    if first is None:
        return None
    start, end = max(0, first.start() - _BEFORE), max(first.end(), first.start() + _AFTER)
    part = pattern.sub(lambda fragment: f"[{fragment[0]}]", prompt[start:end])
    return f"{_MORE if start else ''}{part}{_MORE if end < len(prompt) else ''}"
