"""From what a person typed to the video it names.

A video has several names: its ref (`source:remote_id`), its id, other ids of the same job, and the encoded ids that
gateways show for any of them. Each may be shortened to a beginning that fits no other video, as git takes the beginning
of a commit: `video_9b9b` will do. An exact name beats a beginning, and a video's own id beats another's alias. Names
are compared character by character, by the index on (source, name), one source after the other: nothing here reads more
than a bounded stretch of it. Writers look names up by themselves, in `store.names`, where only an exact one counts.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import NotFound
from catalog.rows import encodable
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from catalog.database import Reader
MIN_LENGTH = 4  # characters of a beginning after what many ids have in common
MAX_FITS = 1000  # videos that are looked at for one beginning in one source
_LISTED = 10  # refs in a message; sources that are looked through for the nearest
_SHOWN = 80  # characters of a name that a message repeats
_NEIGHBOURS = 40  # names on either side of a text, of which the nearest is chosen
_LIKENESS = 0.6
_END = "\U0010ffff"  # the last code point, which is no character: any longer name that begins so comes before it

_WORDS = re.compile(r"(?:[a-z]+[_-])*")
_SOURCE = re.compile(r"[a-z0-9_-]+")

# From source to source by the index: there are few sources, and many videos of each.
SOURCES = """
WITH RECURSIVE present(source) AS (
    SELECT min(source) FROM videos
    UNION ALL
    SELECT (SELECT min(video.source) FROM videos AS video WHERE video.source > present.source) FROM present
    WHERE present.source IS NOT NULL
)
SELECT source FROM present WHERE source IS NOT NULL
"""
_OWN = "SELECT id, source, remote_id, remote_id AS name FROM videos WHERE source = :source AND remote_id"
_ALIAS = """
SELECT videos.id, videos.source, videos.remote_id, alias AS name
FROM video_aliases JOIN videos ON videos.id = video_aliases.video_id
WHERE video_aliases.source = :source AND alias
"""
_WITHIN = "BETWEEN :first AND :last ORDER BY name LIMIT :limit"
_AFTER = ">= :name ORDER BY name LIMIT :limit"
_BEFORE = "< :name ORDER BY name DESC LIMIT :limit"


class VideoName(NamedTuple):
    """A video of the library: its row id, and the two parts of its ref."""

    id: int
    source: str
    remote_id: str

    @property
    def ref(self) -> str:
        """How the video is named everywhere."""
        return f"{self.source}:{self.remote_id}"


class Span(NamedTuple):
    """The names from `first` to `last` in the sources from `first_source` to `last_source`, all of them included."""

    first_source: str
    last_source: str
    first: str
    last: str

    @property
    def is_wide(self) -> bool:
        """Whether it may hold most names of a source or of the library, because it begins with too little."""
        is_beginning = self.first != self.last and self.first_source in {"", self.last_source}
        return is_beginning and not _is_enough(self.first, self.first)


def get_name(connection: Reader, typed: str) -> VideoName:
    """The one video that a person means; raises NotFound, with the fits where there are several, else the nearest."""
    text = encodable(typed)
    fits = _find_exact(connection, text)
    if len(fits) > 1:
        raise NotFound(f"several sources have a video {_quote(typed)}: name one of {_list(fits)}", ref=typed)
    fits = fits or _find_beginning(connection, text)
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise NotFound(f"several videos have names that begin with {_quote(typed)}: {_list(fits)}", ref=typed)
    raise NotFound(f"no video {_quote(typed)} in the library: {_give_hint(connection, text)}", ref=typed)


def list_spans(text: str, *, is_exact: bool = False) -> list[Span]:
    """Where the names lie that begin with the text, or that are it: refs, and ids and aliases of any source.

    An encoded id, or the beginning of one, is looked for as it is and as the raw id in it.
    """
    source, colon, rest = text.partition(":")
    readings = [(("", _END), text)]
    if colon:
        readings.insert(0, ((source, source), rest))
    spans = []
    for sources, name in readings:
        raw = raw_id(name, is_cut=not is_exact)
        spans.append(Span(*sources, name, name if is_exact else name + _END))
        if raw != name:
            spans.append(Span(*sources, raw, raw if is_exact or not _is_enough(raw, raw) else raw + _END))
    if not (colon or is_exact):
        spans.append(Span(text, text + _END, "", _END))
    return spans


def find_written(connection: Reader, text: str, *, is_exact: bool = False) -> str | None:
    """The first name there is that begins with the text, or that is it, as it is written; None where there is none."""
    spans = list_spans(encodable(text), is_exact=is_exact)
    return next(
        (written for span in spans for sql in (_OWN, _ALIAS) for _, written in _read(connection, sql, span)), None
    )


def find_nearest(connection: Reader, text: str) -> str | None:
    """The ref of the video with the name most like the text, or like a beginning of it as long as the text.

    Looked for in the source that the text names, then in the first few others.
    """
    text = encodable(text)
    source, colon, rest = text.partition(":")
    name = raw_id(rest if colon and _SOURCE.fullmatch(source) else text, is_cut=True)
    sources = list_sources(connection)
    near = _choose_nearest(connection, [source], name) if colon and source in sources else None
    return near or _choose_nearest(connection, sources[:_LISTED], name)


def list_sources(connection: Reader) -> list[str]:
    """The sources that the library has videos of, in order."""
    return [row[0] for row in connection.execute(SOURCES)]


def _find_exact(connection: Reader, text: str) -> list[VideoName]:
    """The videos with this very name: more than one where several sources have it."""
    for sql in (_OWN, _ALIAS):
        for span in list_spans(text, is_exact=True):
            if found := [name for name, _ in _read(connection, sql, span)]:
                return found
    return []


def _find_beginning(connection: Reader, text: str) -> list[VideoName]:
    """The videos one of whose names begins so, by ref: at most MAX_FITS."""
    fits = {
        name: None
        for span in list_spans(text)
        if _is_enough(span.first, span.first)
        for sql in (_OWN, _ALIAS)
        for name, written in _read(connection, sql, span)
        if _is_enough(span.first, written)
    }
    return sorted(fits, key=lambda name: name.ref)[:MAX_FITS]


def _read(connection: Reader, sql: str, span: Span) -> Iterator[tuple[VideoName, str]]:
    """The videos with names in the span, and the names."""
    low, high, first, last = span
    sources = [low] if low == high else [source for source in list_sources(connection) if low <= source <= high]
    for source in sources:
        values = {"source": source, "first": first, "last": last, "limit": MAX_FITS}
        for *video, written in connection.execute(f"{sql} {_WITHIN}", values):
            yield VideoName(*video), written


def _choose_nearest(connection: Reader, sources: Iterable[str], name: str) -> str | None:
    """The most similar of the neighbours; of several, the one that begins alike for longest."""
    from difflib import SequenceMatcher, get_close_matches

    body = _body(name.lower())[:_SHOWN]
    refs: dict[str, str] = {}
    for source in sources:
        for video, written in _list_neighbours(connection, source, name):
            refs.setdefault(_body(written.lower())[: len(body)], video.ref)

    def likeness(other: str) -> tuple[float, int]:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(other, body, strict=False))
        return SequenceMatcher(None, other, body).ratio(), len(list(same))

    best = max(get_close_matches(body, refs, n=len(refs) or 1, cutoff=_LIKENESS), key=likeness, default="")
    return refs.get(best)


def _list_neighbours(connection: Reader, source: str, text: str) -> Iterator[tuple[VideoName, str]]:
    """The names on both sides of the text, and of the text with the first words of this source's ids before it."""
    first = connection.execute(f"{_OWN} {_AFTER}", {"source": source, "name": "", "limit": 1}).fetchone()
    words = _words(first[3]) if first else ""
    for start in dict.fromkeys((text, text.lower(), words + _body(text.lower()))):
        for sql in (_OWN, _ALIAS):
            for side in (_AFTER, _BEFORE):
                values = {"source": source, "name": start, "limit": _NEIGHBOURS}
                for *video, written in connection.execute(f"{sql} {side}", values):
                    yield VideoName(*video), written


def _give_hint(connection: Reader, text: str) -> str:
    """Why nothing fits, or what to try instead."""
    source, colon, rest = text.partition(":")
    sources = list_sources(connection)
    if colon and _SOURCE.fullmatch(source) and source not in sources:
        from difflib import get_close_matches

        similar = get_close_matches(source, sources, n=1)
        hint = f"did you mean {similar[0]}?" if similar else f"there are {', '.join(sources[:_LISTED]) or 'none'}"
        return f"it has no videos of a source {_quote(source)}, {hint}"
    beginning = rest if colon else text
    written = (find_written(connection, text) if beginning else None) or beginning
    if not _is_enough(beginning, written):
        words = (_words(beginning), _words(written))
        start = next((start for start in words if start and not _is_enough(beginning, start)), "")
        return f"a beginning needs at least {MIN_LENGTH} characters" + (f" after {_quote(start)}" if start else "")
    nearest = find_nearest(connection, text)
    return f"did you mean {_shorten(nearest)}?" if nearest else "`catalog search` finds refs"


def _words(name: str) -> str:
    """What many ids begin with: lower-case words, each up to its `_` or `-`, as in `video_` or `cgt-`."""
    found = _WORDS.match(name)
    return found[0] if found else ""


def _body(name: str) -> str:
    return name[len(_words(name)) :]


def _is_enough(beginning: str, name: str) -> bool:
    """Whether the beginning goes far enough past what many names begin with to tell this one apart."""
    return len(beginning) >= len(_words(name)) + MIN_LENGTH


def _list(names: list[VideoName]) -> str:
    refs = ", ".join(_shorten(name.ref) for name in names[:_LISTED])
    more = len(names) - _LISTED
    return f"{refs} and {'at least ' * (len(names) >= MAX_FITS)}{more:,} more" if more > 0 else refs


def _quote(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _shorten(ref: str) -> str:
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in ref)
    return line if len(line) <= 2 * _SHOWN else f"{line[: 2 * _SHOWN]}…"
