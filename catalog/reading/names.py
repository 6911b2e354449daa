"""From what a person typed to the video it names.

A video has several names: its ref (`source:remote_id`), its id, its aliases, and the encoded ids that gateways show for
any of them. Each may be shortened to a beginning that fits no other video, as git accepts the beginning of a commit's
id: `video_9b9b` will do. An exact name beats a beginning, and a video's own id beats the alias of another. Names are
compared character by character through the index on (source, name), one source after the other, and no question reads
more than a bounded part of it. Writers look up names in `store.names`, where only exact ones count.
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

MIN_LENGTH = 4  # characters of a beginning, after the words that many ids begin with
MAX_FITS = 1000  # videos read for one beginning in one source
_PORTION = 1000  # names looked up at once
_LISTED = 10  # refs in a message; sources in which the nearest is looked for
_SHOWN = 80  # characters of a name that a message repeats
_NEIGHBOURS = 40  # names on either side of a text, among which the nearest is chosen
_LIKENESS = 0.6
_END = "\U0010ffff"  # the last code point, which is not a character: it sorts after anything that a name goes on with

_WORDS = re.compile(r"(?:[a-z]+[_-])*")
_SOURCE = re.compile(r"[a-z0-9_-]+")

# From source to source through the index: there are few sources with many videos each.
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
        """The name that is unique in the library."""
        return f"{self.source}:{self.remote_id}"


class Span(NamedTuple):
    """The names from `first` to `last` in the sources from `first_source` to `last_source`, all inclusive."""

    first_source: str
    last_source: str
    first: str
    last: str


def get_name(connection: Reader, typed: str) -> VideoName:
    """The one video that a person means; raises NotFound, which lists the videos that fit or names the nearest."""
    return get_names(connection, [typed])[0]


def find_name(connection: Reader, typed: str) -> VideoName | None:
    """The one video that a person means, None where no name fits; raises NotFound, which lists them, where several do.

    A text too short for the beginning of a name fits only as a whole name.
    """
    text = encodable(typed)
    return _choose(connection, typed, _find_exact(connection, [text]).get(text))


def get_names(connection: Reader, typed: Iterable[str]) -> list[VideoName]:
    """The videos that a person means, each once, in the order in which they are first named.

    Raises NotFound for the first name that fits none or several, as `get_name` does.
    """
    names = list(dict.fromkeys(typed))
    exact: dict[str, list[VideoName]] = {}
    for start in range(0, len(names), _PORTION):
        exact |= _find_exact(connection, map(encodable, names[start : start + _PORTION]))
    videos: dict[VideoName, None] = {}
    for name in names:
        text = encodable(name)
        video = _choose(connection, name, exact.get(text))
        if video is None:
            raise NotFound(f"no video {_quote(name)} in the library: {_give_hint(connection, text)}", ref=name)
        videos[video] = None
    return list(videos)


def is_name(connection: Reader, typed: str) -> bool:
    """Whether a video has exactly this name."""
    return bool(_find_exact(connection, [encodable(typed)]))


def list_spans(text: str, *, is_exact: bool = False) -> list[Span]:
    """The spans of all names that begin with the text, or equal it: refs, and ids and aliases of any source.

    An encoded id, or the beginning of one, is looked for as it stands and as the raw id in it.
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
    """The first name in the library that begins with the text, or equals it, in the library's spelling, else None."""
    spans = list_spans(encodable(text), is_exact=is_exact)
    return next(
        (written for span in spans for sql in (_OWN, _ALIAS) for _, written in _read(connection, sql, span)), None
    )


def has_videos(connection: Reader) -> bool:
    """Whether the library has any video, deleted ones included."""
    return connection.execute("SELECT 1 FROM videos LIMIT 1").fetchone() is not None


def find_nearest(connection: Reader, text: str) -> str | None:
    """The ref of the video whose name, or a beginning of it as long as the text, is most like the text, if any is.

    The source that the text names comes first, then the first few others.
    """
    text = encodable(text)
    source, colon, rest = text.partition(":")
    name = raw_id(rest if colon and _SOURCE.fullmatch(source) else text, is_cut=True)
    sources = list_video_sources(connection)
    nearest = _choose_nearest(connection, [source], name) if colon and source in sources else None
    return nearest or _choose_nearest(connection, sources[:_LISTED], name)


def shorten_refs(connection: Reader, refs: Iterable[str]) -> dict[str, str]:
    """For each ref the shortest beginning of it that `get_name` takes for that video, else the ref itself."""
    return {ref: _shorten_ref(connection, ref) for ref in refs}


def list_beginning(connection: Reader, text: str, limit: int) -> list[str]:
    """Names that begin with the text and go on, in order: the sources with their colon, then ids and aliases.

    With `SOURCE:` in the text, refs of that source. Where there are more than `limit` names, the last of them is among
    the answers all the same, so that the beginning which all answers share is that of all names.
    """
    text = encodable(text)
    source, colon, rest = text.partition(":")
    sources = list_video_sources(connection)
    if colon and source in sources:
        return [f"{source}:{name}" for name in _list_names(connection, [source], rest, limit)]
    names = [f"{name}:" for name in sources if name.startswith(text)]
    return [*names, *_list_names(connection, sources, text, limit)] if text else names


def list_video_sources(connection: Reader) -> list[str]:
    """The sources that the library has videos of, in order."""
    return [row[0] for row in connection.execute(SOURCES)]


def _choose(connection: Reader, typed: str, exact: list[VideoName] | None) -> VideoName | None:
    """The video with exactly that name, else with a name that begins so; None where there is none.

    Raises NotFound, which lists them, for several.
    """
    fits = exact or _find_beginning(connection, encodable(typed))
    if len(fits) > 1:
        reason = "several sources have a video" if exact else "several videos have names that begin with"
        raise NotFound(f"{reason} {_quote(typed)}: name one of {_join(fits)}", ref=typed)
    return fits[0] if fits else None


def _find_exact(connection: Reader, texts: Iterable[str]) -> dict[str, list[VideoName]]:
    """The videos with exactly this name, for each text that is one: more than one if several sources have it."""
    spans = {text: list_spans(text, is_exact=True) for text in texts}
    fits: dict[str, list[VideoName]] = {}
    for sql in (_OWN, _ALIAS):
        missing = [text for text in spans if text not in fits]
        named = _read_exact(connection, sql, [span for text in missing for span in spans[text]])
        for text in missing:
            if videos := next((named[span] for span in spans[text] if span in named), None):
                fits[text] = videos
    return fits


def _read_exact(connection: Reader, sql: str, spans: Iterable[Span]) -> dict[Span, list[VideoName]]:
    """The videos in the spans, each of which is one name, in order of source: one question for each source."""
    wanted: dict[str, set[Span]] = {}
    for span in spans:
        wanted.setdefault(span.first, set()).add(span)
    found: dict[Span, list[VideoName]] = {}
    for source in list_video_sources(connection) if wanted else ():
        for *video, written in connection.execute(f"{sql} IN :names", {"source": source, "names": list(wanted)}):
            for span in wanted[written]:
                if span.first_source <= source <= span.last_source:
                    found.setdefault(span, []).append(VideoName(*video))
    return found


def _find_beginning(connection: Reader, text: str) -> list[VideoName]:
    """The videos with a name that begins with the text, in order of ref: at most MAX_FITS."""
    fits = {
        video: None
        for span in list_spans(text)
        if _is_enough(span.first, span.first)
        for sql in (_OWN, _ALIAS)
        for video, written in _read(connection, sql, span)
        if _is_enough(span.first, written)
    }
    return sorted(fits, key=lambda video: video.ref)[:MAX_FITS]


def _read(connection: Reader, sql: str, span: Span) -> Iterator[tuple[VideoName, str]]:
    """The videos that have a name in the span, each with that name."""
    low, high, first, last = span
    sources = [low] if low == high else [source for source in list_video_sources(connection) if low <= source <= high]
    for source in sources:
        values = {"source": source, "first": first, "last": last, "limit": MAX_FITS}
        for *video, written in connection.execute(f"{sql} {_WITHIN}", values):
            yield VideoName(*video), written


def _list_names(connection: Reader, sources: Iterable[str], beginning: str, limit: int) -> list[str]:
    names = {
        name
        for source in sources
        for sql in (_OWN, _ALIAS)
        for way, count in (("", limit), (" DESC", 1))
        for *_, name in connection.execute(
            f"{sql} BETWEEN :first AND :last ORDER BY name{way} LIMIT :limit",
            {"source": source, "first": beginning, "last": beginning + _END, "limit": count},
        )
    }
    ordered = sorted(names)
    return ordered if len(ordered) <= limit else [*ordered[: limit - 1], ordered[-1]]


def _shorten_ref(connection: Reader, ref: str) -> str:
    source, _, name = ref.partition(":")
    length = max([len(_words(name)) + MIN_LENGTH, *(1 + count for count in _count_shared(connection, source, name))])
    shorter = f"{source}:{name[:length]}"
    fits = _find_exact(connection, [shorter]).get(shorter) or _find_beginning(connection, shorter)
    return shorter if [video.ref for video in fits] == [ref] else ref


def _count_shared(connection: Reader, source: str, name: str) -> Iterator[int]:
    """How many characters the name begins with that the next name of another video before and after it has too."""
    for sql in (_OWN, _ALIAS):
        for side in (_AFTER, _BEFORE):
            values = {"source": source, "name": name, "limit": _NEIGHBOURS}
            for *_, remote_id, other in connection.execute(f"{sql} {side}", values):
                if remote_id != name:
                    yield len(list(takewhile(lambda pair: pair[0] == pair[1], zip(name, other, strict=False))))
                    break


def _choose_nearest(connection: Reader, sources: Iterable[str], name: str) -> str | None:
    """The most similar of the neighbours; among equals, the one with the longest common beginning."""
    from difflib import SequenceMatcher, get_close_matches

    body = _body(name.lower())[:_SHOWN]
    refs: dict[str, str] = {}
    for source in sources:
        for video, written in _list_neighbours(connection, source, name):
            refs.setdefault(_body(written.lower())[: len(body)], video.ref)

    def likeness(candidate: str) -> tuple[float, int]:
        common = takewhile(lambda pair: pair[0] == pair[1], zip(candidate, body, strict=False))
        return SequenceMatcher(None, candidate, body).ratio(), len(list(common))

    nearest = max(get_close_matches(body, refs, n=len(refs) or 1, cutoff=_LIKENESS), key=likeness, default="")
    return refs.get(nearest)


def _list_neighbours(connection: Reader, source: str, text: str) -> Iterator[tuple[VideoName, str]]:
    """The names on both sides of the text, and of the text behind the words that this source's ids begin with."""
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
    source, colon, name = text.partition(":")
    sources = list_video_sources(connection)
    if colon and _SOURCE.fullmatch(source) and source not in sources:
        return _explain_source(source, sources)
    beginning = name if colon else text
    written = (find_written(connection, text) if beginning else None) or beginning
    if not _is_enough(beginning, written):
        return _explain_length(beginning, written)
    nearest = find_nearest(connection, text)
    return f"did you mean {_shorten(nearest)}?" if nearest else "find its ref with `catalog search`"


def _explain_source(source: str, sources: list[str]) -> str:
    """Why a name with this source fits nothing; the library has videos of `sources` only."""
    from difflib import get_close_matches

    if not sources:
        return "it has no videos"
    similar = get_close_matches(source, sources, n=1)
    hint = f"did you mean {similar[0]}?" if similar else f"only {', '.join(sources[:_LISTED])}"
    return f"it has no videos of a source {_quote(source)}, {hint}"


def _explain_length(beginning: str, written: str) -> str:
    """Why the beginning is too short, though `written` begins with it: how many characters it needs, after what."""
    words = next(
        (words for words in map(_words, (beginning, written)) if words and not _is_enough(beginning, words)), ""
    )
    return f"a beginning needs at least {MIN_LENGTH} characters" + (f" after {_quote(words)}" if words else "")


def _words(name: str) -> str:
    """The words that many ids begin with: in lower case, each up to its `_` or `-`, as in `video_` or `cgt-`."""
    match = _WORDS.match(name)
    return match[0] if match else ""


def _body(name: str) -> str:
    return name[len(_words(name)) :]


def _is_enough(beginning: str, name: str) -> bool:
    """Whether the beginning goes far enough past the words of the name, which many names share, to identify it."""
    return len(beginning) >= len(_words(name)) + MIN_LENGTH


def _join(videos: list[VideoName]) -> str:
    refs = ", ".join(_shorten(video.ref) for video in videos[:_LISTED])
    unlisted = len(videos) - _LISTED
    if unlisted <= 0:
        return refs
    count = f"at least {unlisted:,}" if len(videos) >= MAX_FITS else f"{unlisted:,}"
    return f"{refs} and {count} more"


def _quote(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _shorten(ref: str) -> str:
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in ref)
    return line if len(line) <= 2 * _SHOWN else f"{line[: 2 * _SHOWN]}…"
