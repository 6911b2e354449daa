"""Pictures: thumbnails and sheets of frames for the files that lack them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from catalog import pictures, store
from catalog.api import Catalog
from catalog.demo import clips
from catalog.errors import MediaOffline
from catalog.file_reports import PicturesDue, PicturesMade
from catalog.media.examine import examine
from catalog.media.keep import MediaFolder
from catalog.media.probe import probe
from catalog.pictures import count_due, make_pictures, make_thumbnails
from catalog.web.painter import Painter
from tests.house import wait_until
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from pathlib import Path

    from catalog.database import Database
    from catalog.records import File

CLIP = next(clips.FOLDER.glob("*.mp4")).read_bytes()


class Shelf(Desk):
    def __init__(self, library: Database) -> None:
        super().__init__(library)
        self.folder = MediaFolder(library.path.parent / "media")

    def keep(self, name: str, data: bytes, variant: str = "video", extension: str = "mp4") -> Path:
        self.hear(job(name, status="completed"))
        with self.folder.part() as part:
            part.write(data)
            found = probe(part.path)
            path = self.folder.commit(part, extension)
        number = self.value("SELECT id FROM videos WHERE remote_id = ?", name)
        held = store.Bytes(part.sha256, len(data), "video/mp4", path, found)
        with self.library.write() as connection:
            store.save_file(connection, store.Spot(number, variant), held, origin="download", at=START)
        return self.library.path.parent / path

    def files(self, name: str) -> dict[str, File]:
        with Catalog.open(self.library.path) as catalog:
            return {file.variant: file for file in catalog.get(name).files}


@pytest.fixture
def shelf(library: Database) -> Shelf:
    return Shelf(library)


def test_a_clip_gets_a_thumbnail_and_a_sheet_of_frames(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP)
    with Catalog.open(shelf.library.path) as catalog:
        assert catalog.pictures_due() == PicturesDue(1)
        assert make_pictures(shelf.library) == PicturesMade(2)
        assert catalog.pictures_due() == PicturesDue()
    files = shelf.files("a")
    assert set(files) == {"video", "thumbnail", "spritesheet"}
    for variant in pictures.VARIANTS:
        file = files[variant]
        assert (file.origin, file.type, file.state) == ("made", "image/jpeg", "present")
        found = examine(shelf.library.path.parent / str(file.path), variant)  # type: ignore[arg-type]
        assert (found.probe.width, found.probe.height) == (file.probe.width, file.probe.height)  # type: ignore[union-attr]
    assert make_pictures(shelf.library) == PicturesMade()


def test_the_same_bytes_are_drawn_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP)
    shelf.keep("b", CLIP)
    drawn: list[Any] = []
    make = pictures.MAKERS["thumbnail"]
    monkeypatch.setitem(pictures.MAKERS, "thumbnail", lambda path: drawn.append(path) or make(path))
    assert make_pictures(shelf.library, ["thumbnail"], parallel=1) == PicturesMade(2)
    assert len(drawn) == 1
    assert shelf.files("a")["thumbnail"] == shelf.files("b")["thumbnail"]


def test_an_image_gets_a_thumbnail_alone(shelf: Shelf, tmp_path: Path) -> None:
    Image.new("RGB", (1280, 720), "teal").save(tmp_path / "a.png")
    shelf.keep("a", (tmp_path / "a.png").read_bytes(), variant="image", extension="png")
    assert make_pictures(shelf.library) == PicturesMade(1)
    probe_of = shelf.files("a")["thumbnail"].probe
    assert probe_of
    assert (probe_of.width, probe_of.height) == (640, 360)


def test_what_cannot_be_drawn_says_why_and_is_tried_again_when_asked(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    path = shelf.keep("a", CLIP)
    path.write_bytes(bytes(len(CLIP)))
    assert make_pictures(shelf.library, ["thumbnail"]) == PicturesMade(failed=1)
    assert "no thumbnail can be made" in str(shelf.files("a")["thumbnail"].reason)
    assert make_pictures(shelf.library, ["thumbnail"]) == PicturesMade()
    assert count_due(shelf.library) == PicturesDue()
    path.write_bytes(CLIP)
    with Catalog.open(shelf.library.path) as catalog:
        assert catalog.reindex(bitmaps=True).pictures is None
        report = catalog.reindex(pictures=True)
    assert (report.pictures, report.rebuilt) == (PicturesMade(2), ("pictures",))


def test_clips_wait_for_a_decoder(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.keep("a", CLIP)
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    assert count_due(shelf.library) == PicturesDue(1, waiting=1)
    assert make_pictures(shelf.library) == PicturesMade(waiting=2)
    assert set(shelf.files("a")) == {"video"}


def test_a_server_picture_is_enough(shelf: Shelf, tmp_path: Path) -> None:
    Image.new("RGB", (64, 36), "teal").save(tmp_path / "a.png")
    shelf.keep("a", CLIP)
    shelf.keep("a", (tmp_path / "a.png").read_bytes(), variant="thumbnail", extension="png")
    assert make_pictures(shelf.library, ["thumbnail"]) == PicturesMade()


def test_thumbnails_that_earlier_downloads_left_are_made_with_those_of_what_came(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP)
    shelf.keep("b", CLIP)
    came = shelf.value("SELECT id FROM videos WHERE remote_id = 'b'")
    assert make_thumbnails(shelf.library, [came]) == PicturesMade(2)
    assert make_thumbnails(shelf.library, []) == PicturesMade()


def test_the_newest_are_made_first_and_no_more_than_a_bound(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    monkeypatch.setattr(pictures, "MOST_LEFT", 1)
    for name in "abc":
        shelf.keep(name, CLIP)
    came = shelf.value("SELECT id FROM videos WHERE remote_id = 'c'")
    assert make_thumbnails(shelf.library, [came]) == PicturesMade(2)
    assert ["thumbnail" in shelf.files(name) for name in "abc"] == [False, True, True]
    assert make_thumbnails(shelf.library, []) == PicturesMade(1)


def test_what_cannot_be_drawn_is_not_tried_by_every_download(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP).write_bytes(bytes(len(CLIP)))
    assert make_thumbnails(shelf.library, []) == PicturesMade(failed=1)
    assert make_thumbnails(shelf.library, []) == PicturesMade()


def test_a_thumbnail_that_a_server_failed_to_give_is_made(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP)
    spot = store.Spot(shelf.value("SELECT id FROM videos"), "thumbnail")
    with shelf.library.write() as connection:
        store.save_failure(connection, spot, state="failed", reason="HTTP 500", at=START)
    assert make_thumbnails(shelf.library, []) == PicturesMade(1)


def test_clips_that_were_not_downloaded_or_wait_for_a_decoder_are_no_business_of_a_download(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.keep("a", CLIP)
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    assert make_thumbnails(shelf.library, []) == PicturesMade()
    monkeypatch.undo()
    with shelf.library.write() as connection:
        connection.execute("UPDATE files SET origin = 'inline'")
    assert make_thumbnails(shelf.library, []) == PicturesMade()


def test_it_ends_when_it_is_stopped(shelf: Shelf) -> None:
    shelf.keep("a", CLIP)
    assert make_pictures(shelf.library, is_stopped=lambda: True) == PicturesMade()


def test_pictures_are_made_while_the_library_is_served(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    shelf.keep("a", CLIP)
    painter = Painter(shelf.library.path, every=0.02)
    painter.start()
    try:
        wait_until(lambda: "spritesheet" in shelf.files("a"))
        shelf.keep("b", CLIP)
        wait_until(lambda: "spritesheet" in shelf.files("b"))
    finally:
        painter.stop()


def test_a_drive_that_is_not_there_is_no_reason_to_give_a_clip_up(shelf: Shelf) -> None:
    pytest.importorskip("av", reason="PyAV draws the frames")
    path = shelf.keep("a", CLIP)
    media = shelf.folder.root
    media.rename(media.with_name("unplugged"))
    with Catalog.open(shelf.library.path) as catalog:
        with pytest.raises(MediaOffline):
            catalog.reindex(pictures=True)
        assert catalog.reindex().pictures is None
    assert not media.exists()
    media.with_name("unplugged").rename(media)
    aside = path.rename(path.with_suffix(".aside"))
    assert make_pictures(shelf.library, ["thumbnail"]) == PicturesMade(failed=1)
    aside.rename(path)
    assert make_pictures(shelf.library, ["thumbnail"]) == PicturesMade(1)
