"""The verbs by which a user chooses: ratings, verdicts, notes, collections, saved searches; each can be undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, overload

from catalog.api.base import courteous
from catalog.api.edits import Edits
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.choice_reports import Annotation, Collection, Duplicate, SavedSearch
    from catalog.database import Writer
    from catalog.editing import Action
    from catalog.records import Video
    from catalog.reports import Edited, Progress
    from catalog.store import Changed


class Organising(Edits):
    """What a user thinks of videos, and where they belong."""

    @overload
    def rate(self, ref: str, rating: int, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def rate(self, refs: Iterable[str], rating: int, /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def rate(self, rating: int, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def rate(
        self,
        refs: str | Iterable[str] | int | None = None,
        rating: int | None = None,
        /,
        *,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Rate videos, 1 to 5; 0 takes the rating off.

        cat.rate("studio:video_123", 5)         # the video as it is then
        cat.rate(refs, 3)                       # what changed
        cat.rate(0, query="verdict:reject")     # what changed
        """
        from catalog import store
        from catalog.organising import read_rating

        return self._annotate(refs, rating, query, read_rating, store.rate_videos, at_most)

    @overload
    def verdict(self, ref: str, verdict: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def verdict(self, refs: Iterable[str], verdict: str, /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def verdict(self, verdict: str, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def verdict(
        self,
        refs: str | Iterable[str] | None = None,
        verdict: str | None = None,
        /,
        *,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Say `keep` or `reject` of videos, or `undecided`, which takes that back; see `rate`."""
        from catalog import store
        from catalog.organising import read_verdict

        return self._annotate(refs, verdict, query, read_verdict, store.judge_videos, at_most)

    @overload
    def note(self, ref: str, note: str, /) -> Video: ...  # type: ignore[overload-overlap]  # text is one ref
    @overload
    def note(self, refs: Iterable[str], note: str, /, *, at_most: int | None = None) -> Edited: ...
    @overload
    def note(self, note: str, /, *, query: str, at_most: int | None = None) -> Edited: ...
    def note(
        self,
        refs: str | Iterable[str] | None = None,
        note: str | None = None,
        /,
        *,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Video | Edited:
        """Write a note of at most 64 KiB on videos, in the place of the one they have; an empty one takes it off.

        Its words are found by a search. See `rate`.
        """
        from catalog import store
        from catalog.organising import read_note

        return self._annotate(refs, note, query, read_note, store.note_videos, at_most)

    def annotations(self, query: str = "", *, sort: str | None = None, limit: int | None = None) -> list[Annotation]:
        """What a person thinks of each video that matches, or of the first ones in the order of `sort`.

        Costs a fraction of reading the videos themselves. `sort` is as for `search`. Raises QueryError.
        """
        from catalog.reading.videos import list_annotations
        from catalog.search.matches import list_matches

        with self._database.read() as connection:
            return list_annotations(connection, list_matches(connection, query, sort=sort, limit=limit).tolist())

    def collections(self, path: str | None = None, /) -> list[Collection]:
        """All collections in order of path, or one, with the refs of its videos in their order, and those below it.

        Raises NotFound for an unknown one.
        """
        from catalog.organising import read_path
        from catalog.reading.collections import list_collections

        name = None if path is None else read_path(path)
        with self._database.read() as connection:
            return list_collections(connection, name)

    def collect(
        self,
        path: str,
        refs: str | Iterable[str] | None = None,
        /,
        *,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Edited:
        """Put videos at the end of a collection, in this order; its levels, as in `launch/teasers`, are made.

        Without videos it is made, empty.
        """
        from catalog import store
        from catalog.organising import read_path

        name = read_path(path)

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.add_to_collection(connection, ids, name, made_at=datetime.now(UTC))

        return self._gather(refs, query, change, at_most)

    def uncollect(
        self,
        path: str,
        refs: str | Iterable[str] | None = None,
        /,
        *,
        query: str | None = None,
        at_most: int | None = None,
    ) -> Edited:
        """Take videos out of a collection and those below it; without videos, take the collection itself away.

        No video is deleted. Raises NotFound for an unknown collection.
        """
        from catalog import store
        from catalog.organising import read_path

        name = read_path(path)
        if refs is None and query is None:
            return self._remove_collection(name, at_most)

        def change(connection: Writer, ids: list[int]) -> Changed:
            return store.remove_from_collection(connection, ids, name, made_at=datetime.now(UTC))

        return self._gather(refs, query, change, at_most)

    def note_collection(self, path: str, note: str, /) -> None:
        """Write a note on a collection in the place of the one it has; an empty one takes it off."""
        from catalog import store
        from catalog.organising import read_note, read_path

        name, text = read_path(path), read_note(note)
        with self._database.write() as connection:
            store.note_collection(connection, name, text, made_at=datetime.now(UTC))

    def move_collection(self, path: str, to: str, /) -> None:
        """Give a collection, with those below it, another path.

        Raises NotFound for an unknown one, CatalogError where it would be inside itself or too deep, or the path is
        taken.
        """
        from catalog import store
        from catalog.organising import read_path

        old, new = read_path(path), read_path(to)
        with self._database.write() as connection:
            store.move_collection(connection, old, new, made_at=datetime.now(UTC))

    def move_in_collection(self, path: str, ref: str, /, *, to: int) -> None:
        """Put a video of a collection at a place in its order, counted from 1; what is beyond the end is the end.

        Raises NotFound for an unknown collection or video, CatalogError where the video is not in it.
        """
        from catalog import store
        from catalog.organising import read_path
        from catalog.reading.names import get_name

        name = read_path(path)
        if not isinstance(to, int) or isinstance(to, bool) or to < 1:
            raise CatalogError(f"a place in a collection is a whole number from 1, not {to!r}")
        with self._database.write() as connection:
            video = get_name(connection, ref)
            store.move_in_collection(connection, name, video.id, to, made_at=datetime.now(UTC))

    def saved_searches(self) -> list[SavedSearch]:
        """The searches that are saved, in the order in which they were first saved."""
        from catalog.reading.searches import list_searches

        with self._database.read() as connection:
            return list_searches(connection)

    def save_search(self, name: str, query: str, /) -> SavedSearch:
        """Keep a query under a name, in the place of the one that has it; `query:NAME` finds what it finds.

        Raises CatalogError for a name that cannot be, for an empty query and for one that contains itself.
        """
        from catalog import store
        from catalog.choice_reports import SavedSearch
        from catalog.organising import read_name, read_query
        from catalog.search.saved import require_savable

        saved = SavedSearch(read_name(name, "a saved search"), read_query(query))
        with self._database.write() as connection:
            require_savable(connection, saved.name, saved.query)
            store.save_search(connection, saved.name, saved.query, made_at=datetime.now(UTC))
        return saved

    def remove_search(self, name: str, /) -> None:
        """Remove a saved search; a worklist that came with the library does not come back. Raises NotFound."""
        from catalog import store
        from catalog.organising import read_name

        text = read_name(name, "a saved search")
        with self._database.write() as connection:
            store.remove_search(connection, text, made_at=datetime.now(UTC))

    def duplicates(
        self,
        query: str | None = None,
        /,
        *,
        distance: int = 10,
        limit: int | None = None,
        on_progress: Progress | None = None,
    ) -> list[Duplicate]:
        """Who has the same bytes, and then which two look alike, the nearest first; with a query, about its matches.

        Thumbnails that were not looked at yet are. `distance` is in how many of 64 bits two may differ, 10 at most.
        Nothing is done about a duplicate. Raises QueryError.
        """
        from catalog.duplicates import NEAREST, list_duplicates, look_at_pictures

        if not isinstance(distance, int) or not 0 <= distance <= NEAREST:
            raise CatalogError(f"a distance is a whole number of bits from 0 to {NEAREST}, not {distance!r}")
        look_at_pictures(self._database, on_progress=courteous(on_progress))
        return list_duplicates(self._database, query, distance=distance, limit=limit)

    def _remove_collection(self, path: str, at_most: int | None) -> Edited:
        from catalog import store
        from catalog.editing import require_few
        from catalog.reading.collections import list_collections
        from catalog.reading.journal import find_newest
        from catalog.reports import Edited

        with self._database.write() as connection:
            refs = tuple(dict.fromkeys(ref for item in list_collections(connection, path) for ref in item.refs))
            require_few(len(refs), at_most)
            store.remove_collection(connection, path, made_at=datetime.now(UTC))
            number = find_newest(connection)
        return Edited(len(refs), refs, (), number)

    def _gather(self, refs: object, query: str | None, change: Action, at_most: int | None) -> Edited:
        """An edit of the videos that are named, of none where none are."""
        several = [refs] if isinstance(refs, str) else () if refs is None and query is None else refs
        return self._edit(several, query, change, at_most=at_most)  # type: ignore[return-value]  # of several

    def _annotate(
        self,
        refs: object,
        value: object,
        query: str | None,
        read: Callable[[object], object],
        save: Callable[..., Changed],
        at_most: int | None,
    ) -> Video | Edited:
        """Say something of videos; beside a query, a value in the place of the refs is meant."""
        chosen, said = (None, refs) if value is None and query is not None else (refs, value)
        written = read(said)

        def change(connection: Writer, ids: list[int]) -> Changed:
            return save(connection, ids, written, made_at=datetime.now(UTC))

        return self._edit(chosen, query, change, at_most=at_most)
