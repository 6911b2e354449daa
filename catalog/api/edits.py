"""The verbs by which a user edits videos, and takes edits back.

Each takes one ref, several, or a query, which means every video that matches. Several are one edit, done whole or not
at all; with more of them than `at_most`, TooMany is raised.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, overload

from catalog.api.base import Opened
from catalog.errors import CatalogError, NotFound
from catalog.rows import encodable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer
    from catalog.editing import Action
    from catalog.file_reports import AdoptReport
    from catalog.records import Video
    from catalog.reports import Edit, Edited
    from catalog.store import Changed, Step

    Given = Mapping[str, str | Sequence[str]]


class Edits(Opened):
    """What a user does to videos."""

    def adopt(self, *, above: float | None = None, pairs: Mapping[str, str] | None = None) -> AdoptReport:
        """Give files that are all that is known of a video to jobs: one edit, which can be undone.

        Those that are proposed with a confidence of at least `above`, or that `pairs` name, the video's ref first.
        Without both, nothing is changed, and the answer lists what is proposed.
        """
        from catalog.adopting import adopt

        report, due = adopt(self._database, above=above, pairs=pairs, now=datetime.now(UTC))
        if report.adopted:
            self._read_prompts(due)
        return report

    @overload
    def tag(self, ref: str, /, *tags: str, remove: Iterable[str] = ()) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def tag(
        self, refs: Iterable[str], /, *tags: str, remove: Iterable[str] = (), at_most: int | None = None
    ) -> Edited: ...
    @overload
    def tag(
        self, tag: str | None = None, /, *tags: str, remove: Iterable[str] = (), query: str, at_most: int | None = None
    ) -> Edited: ...
    def tag(
        self,
        refs: str | Iterable[str] | None = None,
        /,
        *tags: str,
        remove: Iterable[str] = (),
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Set tags, each `key=value` or a bare key; the same edit removes the user's tags with the keys `remove`.

            cat.tag("studio:video_123", "campaign=launch", "keeper")  # the video as it is then
            cat.tag(refs, "campaign=launch", remove=["draft"])        # what changed
            cat.tag("campaign=launch", query="neon -status:failed")   # what changed

        Beside a query, a ref in the first place is refused; None there leaves no doubt.
        """
        from catalog.editing import read_words

        chosen, words = read_words(self._database, refs, tags, query)
        return self._tag(chosen, query, _read_pairs(words), remove, at_most)

    @overload
    def untag(self, ref: str, /, *keys: str) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def untag(self, refs: Iterable[str], /, *keys: str, at_most: int | None = None) -> Edited: ...
    @overload
    def untag(self, key: str | None = None, /, *keys: str, query: str, at_most: int | None = None) -> Edited: ...
    def untag(
        self,
        refs: str | Iterable[str] | None = None,
        /,
        *keys: str,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Remove the user's tags with these keys; see `tag`."""
        from catalog.editing import read_words

        chosen, removed = read_words(self._database, refs, keys, query)
        return self._tag(chosen, query, {}, removed, at_most)

    @overload
    def give(  # type: ignore[overload-overlap]  # text is one ref
        self,
        ref: str,
        facets: Given = ...,
        /,
        *,
        remove: Iterable[str] = (),
        query: None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Video: ...
    @overload
    def give(
        self,
        facets: Given = ...,
        /,
        *,
        query: str,
        remove: Iterable[str] = (),
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Edited: ...
    @overload
    def give(
        self,
        refs: Iterable[str],
        facets: Given = ...,
        /,
        *,
        remove: Iterable[str] = (),
        query: None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Edited: ...
    def give(
        self,
        refs: str | Iterable[str] | None = None,
        facets: Given | None = None,
        /,
        *,
        remove: Iterable[str] = (),
        query: str | None = None,
        at_most: int | None = None,
        **more: str | Sequence[str],
    ) -> Video | Edited:
        """Give facets, which outrank what prompts say; the same edit takes back those given under the names `remove`.

            cat.give("studio:video_123", style="noir", client=["acme", "globex"])
            cat.give(refs, {"client": "acme"}, remove=["style"])
            cat.give(query="neon", style="noir")

        What was given under a name before is replaced; where it is taken back, the prompt speaks again. A mapping takes
        names that Python or this method has another use for. Raises ConfigError for a facet that cannot be.
        """
        from catalog import store
        from catalog.editing import read_facets

        chosen, values = read_facets(refs, facets, more, remove, query)

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.give_facets(connection, ids, values, made_at=datetime.now(UTC))

        return self._edit(chosen, query, change, at_most=at_most)

    @overload
    def link(self, ref: str, parent: str, /, *, relation: str) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def link(self, refs: Iterable[str], parent: str, /, *, relation: str, at_most: int | None = None) -> Edited: ...
    @overload
    def link(self, parent: str, /, *, relation: str, query: str, at_most: int | None = None) -> Edited: ...
    def link(
        self,
        refs: str | Iterable[str] | None = None,
        parent: str | None = None,
        /,
        *,
        relation: str,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Link videos to the parent that they were made from: as its `remix edit extension character` or `reference`.

            cat.link("studio:video_2", "studio:video_1", relation="remix")  # the video as it is then
            cat.link("studio:video_1", query="tag:spot", relation="edit")   # what changed

        The parent may be a ref that the library does not have. Raises CatalogError for a video that would come from
        itself.
        """
        from catalog import store
        from catalog.editing import get_parent, read_relations

        children, named = (None, refs) if parent is None else (refs, parent)
        (chosen,) = read_relations(_read_text(relation))

        def change(connection: Writer, ids: list[int]) -> Changed:
            name = get_parent(connection, named)
            return store.link_videos(connection, ids, name, chosen, made_at=datetime.now(UTC))

        return self._edit(children, query, change, at_most=at_most)

    @overload
    def unlink(self, ref: str, parent: str, /, *, relation: str | None = None) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def unlink(
        self, refs: Iterable[str], parent: str, /, *, relation: str | None = None, at_most: int | None = None
    ) -> Edited: ...
    @overload
    def unlink(
        self, parent: str, /, *, query: str, relation: str | None = None, at_most: int | None = None
    ) -> Edited: ...
    def unlink(
        self,
        refs: str | Iterable[str] | None = None,
        parent: str | None = None,
        /,
        *,
        relation: str | None = None,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Take the user's links to a parent off videos, those of one relation or all; see `link`.

        Raises CatalogError where only a server, a request or credentials say that a video comes from it: that stays.
        """
        from catalog import store
        from catalog.editing import get_parent, read_relations

        children, named = (None, refs) if parent is None else (refs, parent)
        relations = read_relations(relation)

        def change(connection: Writer, ids: list[int]) -> Changed:
            name = get_parent(connection, named)
            return store.unlink_videos(connection, ids, name, relations, made_at=datetime.now(UTC))

        return self._edit(children, query, change, at_most=at_most)

    @overload
    def delete(self, ref: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def delete(self, refs: Iterable[str], /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def delete(self, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def delete(
        self, refs: str | Iterable[str] | None = None, /, *, query: str | None = None, at_most: int | None = None
    ) -> Video | Edited:
        """Hide videos behind tombstones, which no sync undoes; nothing is lost, nor deleted at the provider."""
        from catalog import store

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.delete_videos(connection, ids, deleted_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most)

    @overload
    def undelete(self, ref: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def undelete(self, refs: Iterable[str], /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def undelete(self, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def undelete(
        self, refs: str | Iterable[str] | None = None, /, *, query: str | None = None, at_most: int | None = None
    ) -> Video | Edited:
        """Remove the tombstones of videos; a query finds only those that have one."""
        from catalog import store

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.undelete_videos(connection, ids, made_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most, only_deleted=True)

    def history(self, limit: int = 20) -> list[Edit]:
        """What the user edited, newest first, undone edits included."""
        from catalog.reading.journal import list_edits

        with self._database.read() as connection:
            return list_edits(connection, limit)

    def undo(self, steps: int = 1, *, newest: int | None = None) -> list[Edit]:
        """Undo the newest edits, up to so many: those that were undone, newest first; none where there are none.

        Only what the user wrote goes back to what it was; what came in since stays. Where `newest` is not the number of
        the newest edit that stands, because somebody else edits too, CatalogError is raised.
        """
        from catalog import store
        from catalog.reading.journal import require_newest

        with self._database.write() as connection:
            if newest is not None:
                require_newest(connection, newest)
            undone = store.undo(connection, steps, undone_at=datetime.now(UTC))
        return self._follow(undone)

    def redo(self, steps: int = 1) -> list[Edit]:
        """Redo the edits that were undone last, up to so many, the oldest first; a new edit leaves none to redo."""
        from catalog import store

        with self._database.write() as connection:
            redone = store.redo(connection, steps)
        return self._follow(redone)

    def see_alarms(self, source: str, /) -> None:
        """Take the alarms about webhooks of a source as seen; raises NotFound for an unknown one."""
        from catalog import store
        from catalog.reading.sources import list_sources

        with self._database.write() as connection:
            if source not in {state.name for state in list_sources(connection, self.settings.sources.values())}:
                raise NotFound(f"no source is called {source!r}: `catalog sources` lists them")
            store.see_alarms(connection, source)

    def _tag(
        self,
        refs: object,
        query: str | None,
        tags: Mapping[str, str],
        removed: Iterable[str],
        at_most: int | None,
    ) -> Video | Edited:
        from catalog import store

        keys = list(map(_read_text, [removed] if isinstance(removed, str) else removed))

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.tag_videos(connection, ids, tags, removed=keys, made_at=datetime.now(UTC))

        return self._edit(refs, query, change, at_most=at_most)

    def _edit(
        self, refs: object, query: str | None, change: Action, *, at_most: int | None, only_deleted: bool = False
    ) -> Video | Edited:
        """Make an edit; captured calls are taken in first, since one of them may have made a video that it is about."""
        from catalog.editing import choose, edit
        from catalog.intake import take_in_notes
        from catalog.reading.videos import get_video

        choice = choose(refs, query)
        take_in_notes(self._database)
        edited, due = edit(self._database, choice, change, at_most=at_most, only_deleted=only_deleted)
        self._read_prompts(due)
        if not choice.is_one:
            return edited
        with self._database.read() as connection:
            return get_video(connection, (*edited.refs, *edited.unchanged)[0])

    def _follow(self, steps: Sequence[Step]) -> list[Edit]:
        """Read the prompts that an undo or a redo has made due: the edits as they are then."""
        from catalog.reading.journal import read_edits

        self._read_prompts([video_id for step in steps for video_id in step.due])
        with self._database.read() as connection:
            return read_edits(connection, {step.number: step.overtaken for step in steps})


def _read_pairs(tags: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for tag in map(_read_text, tags):
        key, _, value = tag.partition("=")
        if not key.strip():
            raise CatalogError(f"a tag is KEY or KEY=VALUE, not {tag!r}")
        pairs[key.strip()] = value.strip()
    return pairs


def _read_text(tag: object) -> str:
    if not isinstance(tag, str):
        raise CatalogError(f"a tag is text, not {type(tag).__name__}")
    return encodable(tag)
