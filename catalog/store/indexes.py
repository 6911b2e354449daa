"""What is indexed of videos, the full text and the bitmaps, kept true in the transaction of every change.

Whatever changes a row of `videos`, or tags, links and facets of a video, does so inside `indexed`, which compares what
is indexed before and after, or `descending`, `judging`, `noting` or `collecting`, which compare less of it. Such blocks
are never inside one another.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog import bitmaps, fulltext
from catalog.store.stacks import make_stacks_due
from catalog.store.texts import read_entries, refresh, refresh_next

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from pyroaring import BitMap

    from catalog.bitmaps.values import State
    from catalog.database import Reader, Writer
    from catalog.reports import Progress

_SHOWN = 10  # words between two times that progress is shown


def indexed(connection: Writer, ids: Iterable[int]) -> AbstractContextManager[None]:
    """Bring what is indexed of these videos up to date with what the block makes of them."""
    return _comparing(connection, ids, bitmaps.read_state, has_texts=True)


def descending(connection: Writer, ids: Iterable[int]) -> AbstractContextManager[None]:
    """Do that where the block changes nothing of these videos but links and what is inherited along them.

    Nothing else of them is read, which for many remixes would be most of the work.
    """
    return _comparing(connection, ids, bitmaps.read_descent)


def judging(connection: Writer, ids: Iterable[int]) -> AbstractContextManager[None]:
    """Do that where the block changes nothing of these videos but ratings and verdicts."""
    return _comparing(connection, ids, bitmaps.read_judgements)


def noting(connection: Writer, ids: Iterable[int]) -> AbstractContextManager[None]:
    """Do that where the block changes nothing of these videos but notes, ratings and verdicts."""
    return _comparing(connection, ids, bitmaps.read_judgements, has_texts=True)


def collecting(connection: Writer, ids: Iterable[int]) -> AbstractContextManager[None]:
    """Do that where the block changes nothing of these videos but the collections that they are in."""
    return _comparing(connection, ids, bitmaps.read_collections)


@contextmanager
def _comparing(
    connection: Writer, ids: Iterable[int], read: Callable[[Reader, Iterable[int]], State], *, has_texts: bool = False
) -> Iterator[None]:
    """Compare what is read of the videos, and with `has_texts` their texts, before the block and after it."""
    videos = list(ids)
    if not videos:
        yield
        return
    texts = read_entries(connection, videos) if has_texts else {}
    values = read(connection, videos)
    yield
    changed = videos if texts and refresh(connection, texts) else []
    bitmaps.keep(connection, values, read(connection, videos), texts=changed)


def index_new(connection: Writer, entries: list[fulltext.Entry]) -> None:
    """Index videos that were inserted just now, with their entries of the full text."""
    fulltext.add(connection, entries)
    ids = [entry[0] for entry in entries]
    make_stacks_due(connection, [entry[0] for entry in entries if entry[1] is not None])
    bitmaps.keep(connection, {}, bitmaps.read_state(connection, ids), texts=ids)


def rebuild_texts(connection: Writer, on_progress: Progress | None = None) -> None:
    """Derive the text columns of every video again and rebuild the full-text index from them."""
    after: int | None = 0
    while after is not None:
        after = refresh_next(connection, after, is_indexed=False)
        if on_progress and after is not None:
            on_progress("library", after, None, "reading texts")
    fulltext.rebuild(connection)
    bitmaps.keep(connection, {}, {}, texts=bitmaps.read_all(connection))


def rebuild_bitmaps(connection: Writer, on_progress: Progress | None = None) -> None:
    """Make the bitmaps again from the rows."""
    for reached, last in bitmaps.rebuild(connection):
        if on_progress:
            on_progress("library", reached, last, "making bitmaps")


def rebuild_words(connection: Writer, on_progress: Progress | None = None) -> None:
    """Look up again what common words find."""
    bitmaps.save_words(connection, look_up_words(connection, on_progress), bitmaps.revision(connection))


def look_up_words(connection: Reader, on_progress: Progress | None = None) -> dict[str, BitMap]:
    """What common words find, by their expressions."""
    found = {}
    for expression, ids in bitmaps.look_up_words(connection):
        found[expression] = ids
        if on_progress and len(found) % _SHOWN == 0:
            on_progress("library", len(found), None, "looking up common words")
    return found
