"""The journey of pictures: thumbnails and sheets of frames for the files that lack them, a few at a time.

They are derived: whoever loses them makes them again. Thumbnails are made at the end of a download, with those that an
earlier one was stopped before; sheets, which take several times as long, while the library is served, or by `reindex`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import store
from catalog.duplicates import look_at_pictures
from catalog.errors import BadMedia
from catalog.file_reports import PicturesDue, PicturesMade
from catalog.media.pictures import EXTENSION, make_spritesheet, make_thumbnail
from catalog.media.probe import probe
from catalog.parallel import ask_all
from catalog.reading.files import media_folder
from catalog.reading.pictures import MADE_OF, count_lacking, find_alike, list_lacking, list_left
from catalog.records import Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalog.database import Database
    from catalog.media.keep import MediaFolder
    from catalog.reading.pictures import Lacking
    from catalog.reports import Progress

MAKERS: dict[str, Callable[[Path], bytes]] = {"thumbnail": make_thumbnail, "spritesheet": make_spritesheet}
VARIANTS = tuple(MAKERS)
MOST_LEFT = 2000  # thumbnails that earlier runs left, and one makes besides its own
_TYPE = "image/jpeg"


def make_thumbnails(
    database: Database,
    videos: Sequence[int],
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    on_progress: Progress | None = None,
) -> PicturesMade:
    """Make the thumbnails of these videos, to which files came, and the newest that earlier downloads left.

    It costs next to nothing where they left none. Of what they left, clips that wait for a decoder are passed over. It
    ends early and raises as `make_pictures`.
    """
    kinds = [kind for kind in MADE_OF["thumbnail"] if kind != "video" or _has_decoder()]
    with database.read() as connection:
        left = list_left(connection, "thumbnail", kinds=kinds, limit=MOST_LEFT + len(videos))
    wanted = sorted({*videos, *left})
    made = make_pictures(database, ["thumbnail"], among=wanted, is_stopped=is_stopped, on_progress=on_progress)
    look_at_pictures(database, wanted)
    return made


def count_due(database: Database) -> PicturesDue:
    """How many thumbnails `make_pictures` would make now, but for files that turn out to be damaged."""
    with database.read() as connection:
        lacking = count_lacking(connection, "thumbnail")
    return PicturesDue(sum(lacking.values()), 0 if _has_decoder() else lacking.get("video", 0))


def make_pictures(
    database: Database,
    variants: Sequence[str] = VARIANTS,
    *,
    among: Sequence[int] | None = None,
    retries: bool = False,
    parallel: int | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
    on_progress: Progress | None = None,
) -> PicturesMade:
    """Make the pictures of these variants that files lack, of all videos or of those `among` these row ids.

    With `retries`, files of which none could be made are tried again. As many are made at once as there are cores, or
    `parallel`. It ends early, with nothing lost, once it `is_stopped`. Raises MediaError where the media folder cannot
    be written to.
    """
    with database.read() as connection:
        folder = media_folder(connection)
    folder.require()
    folder.clean()
    parallel = parallel or os.cpu_count() or 1
    maker = _Maker(database, folder)
    counts = [0, 0, 0]
    for variant in variants:
        lacking = _iter_lacking(database, variant, among, retries=retries)
        take = partial(_take, lacking, is_stopped)
        for done, (_, outcome) in enumerate(ask_all(partial(maker.make, variant), take, parallel), 1):
            counts[outcome] += 1
            if on_progress:
                on_progress("pictures", done, None, f"making {variant}s")
    return PicturesMade(*counts)


def _take(lacking: Iterator[Lacking], is_stopped: Callable[[], bool]) -> Lacking | None:
    return None if is_stopped() else next(lacking, None)


_MADE, _FAILED, _WAITING = range(3)


class _Maker:
    """Makes one picture and keeps it; for several threads."""

    def __init__(self, database: Database, folder: MediaFolder) -> None:
        self._database, self._folder = database, folder
        self._has_decoder = _has_decoder()

    def make(self, variant: str, item: Lacking) -> int:
        """What became of it: made, failed or waiting."""
        spot = store.Spot(item.video_id, variant, item.number)
        with self._database.read() as connection:
            alike = find_alike(connection, item.sha256, variant)
        if alike:
            size = Probe(width=alike.width, height=alike.height)
            return self._keep(spot, store.Bytes(alike.sha256, alike.size, alike.type, alike.path, size))
        if item.variant == "video" and not self._has_decoder:
            return _WAITING
        try:
            path = Path(item.root) / item.path if item.root else self._folder.path_of(item.path)
            data = MAKERS[variant](path)
        except BadMedia as error:
            with self._database.write() as connection:
                store.save_failure(
                    connection,
                    spot,
                    state="failed",
                    reason=f"no {variant} can be made: the file {error.reason}",
                    origin="made",
                    at=datetime.now(UTC),
                )
            return _FAILED
        except OSError:  # the file cannot be read now, and that says nothing of what is in it
            return _FAILED
        with self._folder.part() as part:
            part.write(data)
            found = probe(part.path)
            kept = self._folder.commit(part, EXTENSION)
            return self._keep(spot, store.Bytes(part.sha256, part.size, _TYPE, kept, found))

    def _keep(self, spot: store.Spot, data: store.Bytes) -> int:
        with self._database.write() as connection:
            store.save_file(connection, spot, data, origin="made", at=datetime.now(UTC))
        return _MADE


def _has_decoder() -> bool:
    """Whether frames of clips can be decoded."""
    return find_spec("av") is not None


def _iter_lacking(database: Database, variant: str, among: Sequence[int] | None, *, retries: bool) -> Iterator[Lacking]:
    """The files that lack a picture, a portion read at a time; in a video of several, one after the other."""
    last = 0
    while True:
        with database.read() as connection:
            portion = list_lacking(connection, variant, after=last, among=among, retries=retries)
        if not portion:
            return
        yield from portion
        last = portion[-1].file_id
