"""Thumbnails and sheets, made of clips and pictures that are drawn for it."""

from __future__ import annotations

import io
import struct
import sys
from typing import TYPE_CHECKING

import av
import pytest
from PIL import Image

from catalog.demo import clips
from catalog.errors import BadMedia, MediaError
from catalog.media.pictures import COLUMNS, ROWS, divides, make_spritesheet, make_thumbnail
from tests.media.boxes import TURNED, UNITY

if TYPE_CHECKING:
    from pathlib import Path

LANDSCAPE = clips.FOLDER / "landscape.mp4"
CORNERS = ("red", "green", "blue", "white")  # from the upper left one, by rows
COLOURS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def picture(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    image.load()
    return image


def nearest(colour: tuple[int, ...]) -> str:
    return min(COLOURS, key=lambda name: sum(abs(a - b) for a, b in zip(colour, COLOURS[name], strict=True)))


def corners(image: Image.Image) -> tuple[str, ...]:
    across, down = (image.width // 4, image.width * 3 // 4), (image.height // 4, image.height * 3 // 4)
    return tuple(nearest(image.getpixel((x, y))) for y in down for x in across)  # type: ignore[arg-type]


def quarters(width: int = 96, height: int = 64, mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (width, height))
    for number, name in enumerate(CORNERS):
        row, column = divmod(number, 2)
        image.paste(COLOURS[name], (column * width // 2, row * height // 2, width, height))
    return image.convert(mode)


def film(*scenes: Image.Image, rate: int = 8, each: int = 8) -> bytes:
    """A clip of these scenes, `each` frames long."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *scenes[0].size, "yuv420p"
        for scene in scenes:
            for _ in range(each):
                container.mux(stream.encode(av.VideoFrame.from_image(scene)))
        container.mux(stream.encode())
    return target.getvalue()


def plain(name: str) -> Image.Image:
    return Image.new("RGB", (96, 64), COLOURS[name])


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def test_a_thumbnail_shows_the_clip_a_third_in(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(film(plain("red"), plain("green"), plain("blue")))
    image = picture(make_thumbnail(path))
    assert image.size == (96, 64)
    assert nearest(image.getpixel((50, 30))) == "green"


def test_a_large_clip_is_made_smaller_in_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(film(quarters(1280, 720), each=1))
    image = picture(make_thumbnail(path))
    assert image.size == (640, 360)
    assert corners(image) == CORNERS


def test_a_sheet_has_the_frames_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(film(plain("red"), plain("green"), plain("blue"), plain("white")))
    image = picture(make_spritesheet(path, 2, 2))
    assert image.size == (192, 128)
    assert corners(image) == CORNERS


@pytest.mark.parametrize("name", ["landscape", "portrait", "square"])
def test_a_sheet_divides_into_cells_of_the_clips_shape(name: str) -> None:
    path = clips.FOLDER / f"{name}.mp4"
    size = {"landscape": (320, 180), "portrait": (180, 320), "square": (320, 320)}[name]
    assert divides(picture(make_spritesheet(path)).size, size) == (COLUMNS, ROWS)


@pytest.mark.parametrize(
    ("degrees", "shown"),
    [
        (90, ("blue", "red", "white", "green")),
        (180, ("white", "blue", "green", "red")),
        (270, ("green", "white", "red", "blue")),
    ],
)
def test_a_film_that_was_held_upright_is_shown_upright(tmp_path: Path, degrees: int, shown: tuple[str, ...]) -> None:
    upright = struct.pack(">9i", *UNITY)
    data = film(quarters())
    before, _, behind = data.rpartition(upright)  # the last one is the track's
    path = tmp_path / "clip.mp4"
    path.write_bytes(before + struct.pack(">9i", *TURNED[degrees]) + behind)
    image = picture(make_thumbnail(path))
    assert image.size == ((96, 64) if degrees == 180 else (64, 96))
    assert corners(image) == shown
    assert picture(make_spritesheet(path, 2, 1)).size == (image.width * 2, image.height)


def test_frames_of_a_long_clip_are_looked_up(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(film(*map(plain, CORNERS), rate=1, each=30))
    assert corners(picture(make_spritesheet(path, 2, 2))) == CORNERS
    assert nearest(picture(make_thumbnail(path)).getpixel((50, 30))) == "green"


def test_the_same_clip_has_the_same_pictures() -> None:
    assert make_thumbnail(LANDSCAPE) == make_thumbnail(LANDSCAPE)
    assert make_spritesheet(LANDSCAPE) == make_spritesheet(LANDSCAPE)


@pytest.mark.parametrize(
    ("form", "mode"), [("png", "RGB"), ("png", "P"), ("png", "L"), ("jpg", "CMYK"), ("webp", "RGB")]
)
def test_a_picture_has_a_thumbnail_in_its_shape(tmp_path: Path, form: str, mode: str) -> None:
    image = picture(make_thumbnail(save(quarters(1600, 800, mode), tmp_path / f"picture.{form}")))
    assert (image.size, image.mode) == ((640, 320), "RGB")
    if mode != "L":
        assert corners(image) == CORNERS


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = picture(make_thumbnail(save(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), tmp_path / "picture.png")))
    assert image.getpixel((20, 20)) == (255, 255, 255)


def test_a_picture_is_turned_as_its_camera_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = picture(make_thumbnail(save(quarters(), tmp_path / "picture.jpg", exif=exif)))
    assert (image.size, corners(image)) == ((64, 96), ("blue", "red", "white", "green"))


def test_a_clip_with_damaged_data_has_no_picture(tmp_path: Path) -> None:
    data = LANDSCAPE.read_bytes()
    at = data.index(b"mdat") + 4
    end = at - 8 + int.from_bytes(data[at - 8 : at - 4])
    path = tmp_path / "clip.mp4"
    path.write_bytes(data[:at] + bytes(end - at) + data[end:])
    with pytest.raises(BadMedia, match=r"cannot be decoded|no frame"):
        make_thumbnail(path)


def test_without_pyav_a_clip_has_no_picture_and_a_picture_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MediaError, match="making pictures of clips needs PyAV"):
        make_thumbnail(LANDSCAPE)
    assert make_thumbnail(save(quarters(), tmp_path / "picture.png"))


@pytest.mark.parametrize(
    ("sheet", "clip", "grid"),
    [
        ((1280, 540), (1280, 720), (4, 3)),
        ((640, 270), (1280, 720), (4, 3)),
        ((540, 720), (720, 1280), (4, 3)),
        ((1600, 90), (1920, 1080), (10, 1)),
        ((1792, 1024), (1792, 1024), (2, 2)),
        ((160, 900), (1280, 720), (1, 10)),
        ((1281, 541), (1280, 720), None),
        ((640, 640), (1280, 720), None),
        ((0, 0), (1280, 720), None),
        ((1280, 540), (0, 0), None),
    ],
)
def test_a_sheet_divides_only_into_equal_cells_of_the_clips_shape(
    sheet: tuple[int, int], clip: tuple[int, int], grid: tuple[int, int] | None
) -> None:
    assert divides(sheet, clip) == grid
