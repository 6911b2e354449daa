"""The journey of an edit: from what the caller names to the videos, in the transaction that changes them.

An edit is about one ref, several refs, or every match of a query. Its videos are looked up where they are changed, so
that nothing comes between; one name that fits no video, and nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import CatalogError, TooMany
from catalog.prompts.given import require_given
from catalog.reading.journal import find_newest
from catalog.reading.names import find_name, get_name, get_names, is_name
from catalog.redaction import redact_text
from catalog.reports import Edited
from catalog.rows import stored
from catalog.store import ParentName

if TYPE_CHECKING:
    from catalog.database import Database, Reader, Writer
    from catalog.reading.names import VideoName
    from catalog.store import Changed

RELATIONS = ("remix", "edit", "extension", "character", "reference")
_SOURCE = re.compile(r"[a-z0-9_-]+")

Action = Callable[["Writer", list[int]], "Changed"]


class Choice(NamedTuple):
    """The videos that an edit is about: those with these names, or all that match the query."""

    refs: tuple[str, ...] = ()
    query: str | None = None
    is_one: bool = False


class Done(NamedTuple):
    """What an edit did, and the row ids of the videos whose prompts have to be read again for it."""

    edited: Edited
    due: Sequence[int]


def choose(refs: object, query: object) -> Choice:
    """The choice that a ref, an iterable of them or a query makes; raises CatalogError unless it is exactly one."""
    if query is not None:
        if refs is not None:
            raise CatalogError("name videos or give a query, not both")
        if not isinstance(query, str):
            raise CatalogError(f"a query is text, not {type(query).__name__}")
        return Choice(query=query)
    if isinstance(refs, str):
        return Choice((refs,), is_one=True)
    if refs is None:
        raise CatalogError("name the videos: a ref, several refs, or query=")
    if isinstance(refs, bytes | bytearray | Mapping) or not isinstance(refs, Iterable):
        raise CatalogError(f"a ref is text, not {type(refs).__name__}")
    return Choice(tuple(map(_require_text, refs)))


def read_words(database: Database, refs: object, words: Sequence[str], query: object) -> tuple[object, Sequence[str]]:
    """The refs, and the words that follow them: beside a query, a text in the place of the refs is the first word.

    Unless it is a ref: one with a colon, before any `=`, or the name of a video.
    """
    if query is None or not isinstance(refs, str) or ":" in refs.partition("=")[0]:
        return refs, words
    with database.read() as connection:
        return (refs, words) if is_name(connection, refs) else (None, [refs, *words])


def read_facets(
    refs: object, facets: object, more: Mapping[str, object], removed: Iterable[str], query: object
) -> tuple[object, Mapping[str, Sequence[str]]]:
    """The refs, and the values to be given under each name, none for the names `removed`.

    Beside a query, a map in the place of the refs holds the facets. Raises CatalogError for what cannot be given.
    """
    if query is not None and facets is None and isinstance(refs, Mapping):
        refs, facets = None, refs
    if not isinstance(facets, Mapping | None):
        raise CatalogError(f'facets are given as style="noir" or {{"style": "noir"}}, not {facets!r}')
    names = [removed] if isinstance(removed, str) else removed
    return refs, require_given({**dict.fromkeys(names, ()), **(facets or {}), **more})


def get_parent(connection: Reader, parent: object) -> ParentName:
    """The parent that a person means: a video, else any `source:id`, since a library need not have the parent.

    Raises NotFound for what is neither.
    """
    typed = _require_text(parent)
    video = find_name(connection, typed)
    if video is not None:
        return ParentName(video.source, video.remote_id)
    source, _, remote_id = typed.partition(":")
    if not (_SOURCE.fullmatch(source) and remote_id.strip()):
        get_name(connection, typed)  # raises, and says which names are near
    return ParentName(source, str(stored(redact_text(remote_id.strip()))))


def read_relations(relation: object) -> list[str]:
    """The relation, or all of them for None; raises CatalogError for any other."""
    if relation is None:
        return list(RELATIONS)
    if relation not in RELATIONS:
        raise CatalogError(f"a relation is one of {', '.join(RELATIONS)}, not {relation!r}")
    return [str(relation)]


def edit(
    database: Database, choice: Choice, change: Action, *, at_most: int | None = None, only_deleted: bool = False
) -> Done:
    """Change the chosen videos in one transaction; a query finds the deleted ones with `only_deleted`, else the others.

    Raises NotFound, QueryError, and TooMany where there are more than `at_most`; nothing is changed then.
    """
    with database.write() as connection:
        videos = _find(connection, choice, only_deleted=only_deleted)
        require_few(len(videos), at_most)
        changed = change(connection, [video.id for video in videos])
        number = find_newest(connection) if changed.videos else None
    is_changed = set(changed.videos)
    refs = tuple(video.ref for video in videos if video.id in is_changed)
    unchanged = tuple(video.ref for video in videos if video.id not in is_changed)
    return Done(Edited(len(refs), refs, unchanged, number), changed.due)


def require_few(count: int, at_most: int | None) -> None:
    """Raise TooMany where more videos are meant than are allowed."""
    if at_most is not None and count > at_most:
        raise TooMany(
            f"{count:,} videos are meant, more than the {at_most:,} allowed: nothing was changed", count=count
        )


def _find(connection: Reader, choice: Choice, *, only_deleted: bool) -> list[VideoName]:
    if choice.query is None:
        return get_names(connection, choice.refs)
    from catalog.search.matches import list_match_names

    return list_match_names(connection, choice.query, only_deleted=only_deleted)


def _require_text(ref: object) -> str:
    if not isinstance(ref, str):
        raise CatalogError(f"a ref is text, not {type(ref).__name__}")
    return ref
