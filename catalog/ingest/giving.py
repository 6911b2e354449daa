"""Saves the facets given with an import: those that its files give single videos, and those for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.database import Writer
    from catalog.ingest.items import Entry

    Facets = Mapping[str, Sequence[str]]


class Giving:
    """The facets given in one import; a video's own outrank those `for_all` under the same name."""

    def __init__(self, source: str, for_all: Facets) -> None:
        self._source = source
        self._for_all = for_all
        self._own: set[tuple[int, str]] = set()

    def save(self, connection: Writer, entries: Iterable[Entry]) -> set[str]:
        """Give the videos of saved entries their facets; returns an id of each video whose facets changed."""
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
        """The facets of a video with those for all, except names that this line or an earlier one gave it itself."""
        if not self._for_all:
            return own
        self._own.update((video_id, name) for name in own)
        return {name: values for name, values in self._for_all.items() if (video_id, name) not in self._own} | dict(own)
