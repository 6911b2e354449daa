"""The part of a prompt that matches a query, with the matching words between `[` and `]`.

FTS5 weighs every match in a text against every other, so the time of its snippets grows with the square of the length:
a query of a hundred words took 24 s on a prompt of 400 kB. So a long prompt is cut into pieces, which are indexed for
the moment as the library's index would, and the snippet is that of the piece that matches best. Where folding has added
to the words of a prompt, FTS5 would not see what it matches by, so it is marked here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from catalog import fulltext, letters
from catalog.database import scratch
from catalog.search.words import has_word, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Reader
    from catalog.search.plan import Plan
    from catalog.search.query import Value

PIECE = 2_000  # characters: the longest prompt that FTS5 makes a snippet of as it is (10 ms at most), and a piece's
LONGEST = 256_000  # characters of a prompt that are looked at

_OVERLAP = 200  # characters that a piece has in common with the next, so that phrases are found
_OPEN, _CLOSE, _MORE = "\x02", "\x03", "…"
_TOKENS = 24
_BEFORE, _AFTER = 40, 120  # characters around the first fragment
_SNIPPET = f"snippet({{table}}, 0, '{_OPEN}', '{_CLOSE}', '{_MORE}', {_TOKENS})"
_SELECT = f"SELECT rowid, {_SNIPPET.format(table='videos_fts')} FROM videos_fts WHERE videos_fts MATCH :match"
# Beside MATCH, each id of a list begins the query again (20 ids 2.5 ms, measured); near ones are met on one walk.
_NEAR = 250_000
_ON_A_WALK = f"{_SELECT} AND rowid BETWEEN :first AND :last AND +rowid IN :ids"
_ONE_BY_ONE = f"{_SELECT} AND rowid IN :ids"
_PROMPT = f"substr(prompt, 1, {LONGEST})"
_SPECIAL = f"""
SELECT id, {_PROMPT}, grams IS NOT NULL FROM videos
WHERE id IN :ids AND (grams IS NOT NULL OR length(prompt) > {PIECE})
"""
_PROMPTS = f"SELECT id, {_PROMPT} FROM videos WHERE id IN :ids"
_BEST = (
    f"SELECT rowid, {_SNIPPET.format(table='pieces')} FROM pieces WHERE pieces MATCH :match "
    "AND rowid = (SELECT rowid FROM pieces WHERE pieces MATCH :match ORDER BY rank, rowid LIMIT 1)"
)


def read_snippets(connection: Reader, plan: Plan, ids: Sequence[int]) -> dict[int, str]:
    """The snippets of these videos by row id; a video that matches by something other than its prompt has none."""
    if not (plan.fragments or plan.any_match):
        return {}
    special = connection.execute(_SPECIAL, {"ids": list(ids)}).fetchall()
    snippets = _mark_all(plan, [(row[0], row[1]) for row in special if row[2]])
    if plan.any_match:
        snippets |= _read_matches(connection, plan.any_match, [each for each in ids if each not in snippets], special)
    left = [each for each in ids if each not in snippets]
    if left and not all(has_word(value.text) for value in plan.fragments):
        snippets |= _mark_all(plan, connection.execute(_PROMPTS, {"ids": left}))
    return snippets


def _mark_all(plan: Plan, prompts: Iterable[Any]) -> dict[int, str]:
    """The snippets of prompts, by row id, where they have one of the plan's fragments."""
    texts = ((video_id, mark(prompt or "", plan.fragments)) for video_id, prompt in prompts)
    return {video_id: text for video_id, text in texts if text}


def _read_matches(connection: Reader, match: str, ids: list[int], special: Iterable[Any]) -> dict[int, str]:
    """The snippets that the index makes of these videos, of long prompts, which are among the special, of pieces."""
    long = {row[0]: row[1] for row in special if row[0] in ids and len(row[1] or "") > PIECE}
    texts = _read_short(connection, match, [each for each in ids if each not in long])
    texts += ((video_id, _snip(prompt, match)) for video_id, prompt in long.items())
    return {
        video_id: text.replace(_OPEN, "[").replace(_CLOSE, "]") for video_id, text in texts if text and _OPEN in text
    }


def _read_short(connection: Reader, match: str, ids: list[int]) -> list[tuple[int, str | None]]:
    """The snippets of prompts that FTS5 makes them of."""
    if not ids:
        return []
    first, last = min(ids), max(ids)
    sql = _ON_A_WALK if last - first <= _NEAR else _ONE_BY_ONE
    parameters = {"match": match, "ids": ids, **({"first": first, "last": last} if sql is _ON_A_WALK else {})}
    return [(row[0], row[1]) for row in connection.execute(sql, parameters)]


def _snip(prompt: str, match: str) -> str | None:
    """The snippet of the piece of a long prompt that matches best by any of the words; None where none does."""
    pieces = list(_cut(prompt))
    with scratch() as connection:
        connection.execute(f"CREATE VIRTUAL TABLE pieces USING fts5({', '.join(fulltext.COLUMNS)}, {fulltext.TOKENS})")
        connection.executemany("INSERT INTO pieces(rowid, prompt) VALUES (?, ?)", enumerate(pieces))
        best = connection.execute(_BEST, {"match": match}).fetchone()
    if best is None:
        return None
    number, text = best
    before = _MORE if number and not text.startswith(_MORE) else ""
    after = _MORE if number + 1 < len(pieces) and not text.endswith(_MORE) else ""
    return f"{before}{text}{after}"


def _cut(prompt: str) -> Iterator[str]:
    """The pieces of a prompt in order; they begin and end at blanks where there are any near."""
    start = 0
    while start < len(prompt):
        end = start + PIECE
        if end < len(prompt):
            end = max(prompt.rfind(" ", end - _OVERLAP, end), prompt.rfind("\n", end - _OVERLAP, end), 0) or end
        yield prompt[start:end]
        if end >= len(prompt):
            return
        start = prompt.find(" ", end - _OVERLAP, end) + 1 or end - _OVERLAP


def mark(prompt: str, fragments: Sequence[Value]) -> str | None:
    """The prompt around the first of the fragments, with all of them marked; None where it lacks them.

    Letters are compared as the index does; what stands between the letters of one fragment is marked with them.
    """
    text, starts, ends = letters.locate(prompt)
    words = [pattern for value in fragments for pattern in _patterns(value)]
    symbols = [re.escape(value.text) for value in fragments if not has_word(value.text)]
    found = []
    if words:
        pattern = re.compile("|".join(sorted(words, key=len, reverse=True)))
        found += [(starts[match.start()], ends[match.end() - 1]) for match in pattern.finditer(text)]
    if symbols:
        found += [match.span() for match in re.finditer("|".join(symbols), prompt, re.IGNORECASE)]
    spans = list(_joined(sorted(found)))
    if not spans:
        return None
    first = spans[0]
    begin = max(0, first[0] - _BEFORE)
    finish = max(first[1], first[0] + _AFTER)
    pieces, end = [_MORE if begin else ""], begin
    for start, stop in spans:
        if start >= finish:
            break
        pieces += (prompt[end:start], "[", prompt[start:stop], "]")
        end = stop
    finish = max(finish, end)
    return "".join((*pieces, prompt[end:finish], _MORE if finish < len(prompt) else ""))


def _patterns(value: Value) -> Iterator[str]:
    """Regular expressions over located letters: words whole, unless the last is a beginning, and any part of runs."""
    groups = split(value.text, is_phrase=value.is_quoted)
    for group in groups:
        pattern = " ".join(re.escape(part.letters) for part in group)
        before = "" if group[0].is_run else "(?<![^ ])"
        after = "" if group[-1].is_run else "[^ ]*" if value.is_prefix and group is groups[-1] else "(?![^ ])"
        yield f"{before}{pattern}{after}"


def _joined(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans with those that overlap as one."""
    start, end = -1, -1
    for begin, finish in spans:
        if begin < end:
            end = max(end, finish)
            continue
        if end > start:
            yield start, end
        start, end = begin, finish
    if end > start:
        yield start, end
