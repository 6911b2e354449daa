"""Facets given with an import, on their way to its videos: what a video says of itself, and what is said of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer
    from catalog.ingest.items import Entry

    Facets = Mapping[str, Sequence[str]]


class Giving:
    """The facets given in one import; under one name, a video's own outrank those that are `for_all`."""

    def __init__(self, source: str, for_all: Facets) -> None:
        self._source = source
        self._for_all = for_all
        self._own: set[tuple[int, str]] = set()

    def save(self, connection: Writer, entries: Iterable[Entry]) -> set[str]:
        """Give the videos of saved entries their facets: one id of each for which that was news."""
        giving = [entry for entry in entries if self._for_all or (entry.given and entry.given.facets)]
        if not giving:
            return set()
        ids = store.find_ids(connection, self._source, {entry.video.remote_id for entry in giving})
        names: dict[int, str] = {}
        facets: dict[int, dict[str, Sequence[str]]] = {}
        for entry in giving:
            video_id = ids.get(entry.video.remote_id)
            if video_id is not None:
                names.setdefault(video_id, entry.video.remote_id)
                facets.setdefault(video_id, {}).update(entry.given.facets if entry.given else {})
        wanted = {video_id: self._add_common(video_id, own) for video_id, own in facets.items()}
        return {names[video_id] for video_id in store.save_given(connection, wanted)}

    def _add_common(self, video_id: int, own: Facets) -> Facets:
        """The facets with those for all, except where this line or an earlier one of the import said better."""
        if not self._for_all:
            return own
        self._own.update((video_id, name) for name in own)
        return {name: values for name, values in self._for_all.items() if (video_id, name) not in self._own} | dict(own)
