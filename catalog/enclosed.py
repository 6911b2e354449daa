"""The step of every journey before its write transaction: media inside answers and requests go to the media folder.

What cannot be kept, because it is something else or because the folder cannot be written, takes nothing else with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import BadMedia, MediaError
from catalog.media.examine import examine
from catalog.media.keep import MediaFolder
from catalog.media.sniff import HEAD, sniff
from catalog.reading.files import MEDIA, media_folder
from catalog.wire.inline import find_inline, may_hold_inline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import BinaryIO

    from catalog.database import Database
    from catalog.media.examine import Variant
    from catalog.media.keep import Part
    from catalog.wire.answers import ParsedVideo
    from catalog.wire.inline import Inline


def keep_enclosed(database: Database, videos: Iterable[ParsedVideo]) -> dict[str, Sequence[store.Enclosed]]:
    """Put the media inside the payloads of these videos into the media folder; what became of each, by id.

    Writes no row. An empty answer, as usual, costs a look at each text.
    """
    holding = [video for video in videos if may_hold_inline(video.payload)]
    keeper = Keeper(database) if holding else None
    kept: dict[str, list[store.Enclosed]] = {}
    for video in holding if keeper else ():
        items = [keeper.keep(inline) for inline in find_inline(video.payload)]  # type: ignore[union-attr]
        if items:
            kept.setdefault(video.remote_id, []).extend(items)
    return dict(kept)


class Keeper:
    """Puts media into the media folder of a library, which may be missing still."""

    def __init__(self, database: Database) -> None:
        if database.is_made:
            with database.read() as connection:
                self._folder = media_folder(connection)
        else:
            self._folder = MediaFolder(database.path.parent / MEDIA)

    def keep(self, inline: Inline) -> store.Enclosed:
        """Keep what lies inside a payload."""
        found = store.Enclosed(
            inline.use,
            inline.role,
            name=inline.name,
            beside=inline.beside,
            origin="inline" if inline.role is None else "captured",
        )
        return self._keep(found, inline.read(), is_declared=inline.is_declared)

    def keep_bytes(self, found: store.Enclosed, file: BinaryIO, size: int, *, is_declared: bool) -> store.Enclosed:
        """Keep the next `size` bytes of a file, described by `found`."""
        return self._keep(found, _pieces(file, size), is_declared=is_declared)

    def _keep(self, found: store.Enclosed, pieces: Iterable[bytes], *, is_declared: bool) -> store.Enclosed:
        try:
            with self._folder.part() as part:
                for piece in pieces:
                    part.write(piece)
                return found._replace(data=self._commit(part, found))
        except BadMedia as error:
            return found._replace(reason=error.reason, is_lost=is_declared)
        except MediaError as error:
            return found._replace(reason=f"could not be kept: {error}", is_due=True)

    def _commit(self, part: Part, found: store.Enclosed) -> store.Bytes:
        with part.path.open("rb") as file:
            is_image = sniff(file.read(HEAD)).kind == "image"
        variant: Variant = "reference" if found.use == "reference" else "image" if is_image else "video"
        examined = examine(part.path, variant)
        path = self._folder.commit(part, examined.extension)
        kind, probe, marks = examined.type.media_type, examined.probe, examined.marks
        return store.Bytes(part.sha256, examined.size, kind, path, probe, marks)


def _pieces(file: BinaryIO, size: int) -> Iterable[bytes]:
    while size > 0 and (piece := file.read(min(size, 1 << 20))):
        size -= len(piece)
        yield piece
