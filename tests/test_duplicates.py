"""Videos that are there twice: the same bytes, and pictures that look alike, made by Pillow and kept by the library."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from catalog import Catalog, CatalogError, Duplicate, store
from catalog.duplicates import look_at_pictures
from catalog.media.likeness import dhash
from catalog.reading.files import media_folder
from catalog.records import Probe
from catalog.wire.parse import parse_videos
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def scene(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A picture with a few large shapes, the same for the same seed, whatever its size."""
    import random

    dice = random.Random(seed)
    picture = Image.new("RGB", (640, 360), tuple(dice.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        left, top = dice.randrange(600), dice.randrange(320)
        box = (left, top, left + dice.randrange(40, 300), top + dice.randrange(40, 200))
        draw.ellipse(box, fill=tuple(dice.randrange(256) for _ in range(3)))
    return picture.resize(size)


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


LIKE: tuple[Callable[[Image.Image], bytes], ...] = (
    lambda picture: saved(picture, quality=30),
    lambda picture: saved(picture, "PNG"),
    lambda picture: saved(picture.resize((320, 180))),
    lambda picture: saved(ImageEnhance.Brightness(picture).enhance(1.1)),
    lambda picture: saved(picture, "WEBP", quality=50),
)


@pytest.fixture
def cat(library_path: Path) -> Iterator[Catalog]:
    with Catalog.open(library_path) as catalog:
        yield catalog


def put(cat: Catalog, name: str, clip: bytes, thumbnail: bytes | None = None) -> None:
    """Take in a job with a clip and its thumbnail, both in the media folder."""
    with cat._database.read() as connection:
        folder = media_folder(connection)
    spots = {"video": (clip, "video/mp4", "mp4")} | (
        {"thumbnail": (thumbnail, "image/jpeg", "jpg")} if thumbnail else {}
    )
    kept = {}
    for variant, (data, kind, extension) in spots.items():
        with folder.part() as part:
            part.write(data)
            path = folder.commit(part, extension)
            kept[variant] = store.Bytes(part.sha256, part.size, kind, path, Probe())
    with cat._database.write() as connection:
        found = parse_videos(job(name, prompt=f"take {name}")).videos
        store.save_videos(connection, "studio", found, channel="list", received_at=NOW)
        (number,) = connection.execute("SELECT id FROM videos WHERE remote_id = ?", (name,)).fetchone()
        for variant, data in kept.items():
            store.save_file(connection, store.Spot(number, variant), data, origin="download", at=NOW)


@pytest.mark.parametrize("change", LIKE)
def test_a_picture_that_was_saved_otherwise_looks_alike(tmp_path: Path, change: Callable[[Image.Image], bytes]) -> None:
    for seed in range(8):
        (tmp_path / "one").write_bytes(saved(scene(seed), quality=90))
        (tmp_path / "other").write_bytes(change(scene(seed)))
        one, other = dhash(tmp_path / "one"), dhash(tmp_path / "other")
        assert one is not None
        assert other is not None
        assert (one ^ other).bit_count() <= 10


def test_other_pictures_do_not(tmp_path: Path) -> None:
    hashes = []
    for seed in range(30):
        (tmp_path / "one").write_bytes(saved(scene(seed)))
        hashes.append(dhash(tmp_path / "one") or 0)
    near = [(one, other) for one in hashes for other in hashes if one is not other and (one ^ other).bit_count() <= 10]
    assert near == []


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8\xff\xe0", b"not a picture" * 100, saved(scene(1))[:2000], saved(Image.new("RGB", (640, 360)))],
    ids=["empty", "header", "text", "cut off", "black"],
)
def test_what_shows_nothing_is_like_nothing(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "one").write_bytes(data)
    assert dhash(tmp_path / "one") is None


def test_the_same_bytes_come_first_and_then_what_looks_alike(cat: Catalog) -> None:
    put(cat, "v1", b"clip one", saved(scene(1)))
    put(cat, "v2", b"clip one", saved(scene(1)))
    put(cat, "v3", b"clip three", saved(scene(1), quality=40))
    put(cat, "v4", b"clip four", saved(scene(4)))
    put(cat, "v5", b"clip five")
    (same, *near) = cat.duplicates()
    assert (same.kind, same.distance, same.refs) == ("same", 0, ("studio:v1", "studio:v2"))
    assert [(row.kind, row.refs) for row in near] == [
        ("near", ("studio:v1", "studio:v3")),
        ("near", ("studio:v2", "studio:v3")),
    ]
    assert all(row.distance <= 10 for row in near)
    assert cat.duplicates("id:v4") == cat.duplicates("id:v5") == cat.duplicates("nothing") == []
    assert [row.refs for row in cat.duplicates("id:v2")] == [same.refs, near[1].refs]
    assert cat.duplicates(limit=1) == [same]
    assert {row.distance for row in cat.duplicates(distance=0)} == {0}
    cat.delete("studio:v3")
    assert cat.duplicates() == [same]


def test_identical_thumbnails_of_other_clips_are_near(cat: Catalog) -> None:
    put(cat, "v1", b"clip one", saved(scene(1)))
    put(cat, "v2", b"clip two", saved(scene(1)))
    assert cat.duplicates() == [Duplicate("near", 0, ("studio:v1", "studio:v2"))]


def test_a_file_in_several_places_is_the_same(cat: Catalog) -> None:
    put(cat, "v1", b"clip one")
    with cat._database.write() as connection:
        (sha256,) = connection.execute("SELECT sha256 FROM files").fetchone()
        store.save_place(connection, sha256, "elsewhere/one.mp4", at=NOW)
    (row,) = cat.duplicates()
    assert (row.kind, row.refs, len(row.paths)) == ("same", ("studio:v1",), 2)


def test_each_picture_is_looked_at_once(cat: Catalog) -> None:
    for number in range(5):
        put(cat, f"v{number}", b"%d" % number, saved(scene(number % 4)))
    put(cat, "v9", b"nine", b"no picture at all")
    assert look_at_pictures(cat._database) == 5
    assert look_at_pictures(cat._database) == 0


def test_a_picture_that_cannot_be_read_now_is_looked_at_later(cat: Catalog) -> None:
    put(cat, "v1", b"one", saved(scene(1)))
    with cat._database.read() as connection:
        (path,) = connection.execute("SELECT path FROM file_places WHERE path LIKE '%.jpg'").fetchone()
    picture = cat._database.path.parent / path
    picture.rename(picture.with_suffix(".away"))
    assert look_at_pictures(cat._database) == 1
    picture.with_suffix(".away").rename(picture)
    assert look_at_pictures(cat._database) == 1
    assert look_at_pictures(cat._database) == 0


@pytest.mark.parametrize("distance", [-1, 11, 2.5, None, "3"])
def test_a_distance_has_bounds(cat: Catalog, distance: object) -> None:
    with pytest.raises(CatalogError, match="from 0 to 10"):
        cat.duplicates(distance=distance)  # type: ignore[arg-type]
