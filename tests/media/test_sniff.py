"""What a file is, from its first bytes, and what it is good for."""

from __future__ import annotations

import gzip
import io
import wave
import zipfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from catalog.demo import clips
from catalog.errors import BadMedia
from catalog.media.examine import examine, examine_file
from catalog.media.sniff import (
    AVI,
    AVIF,
    EMPTY,
    GIF,
    GZIP,
    HEAD,
    HEIC,
    HTML,
    JPEG,
    JSON,
    M4A,
    M4V,
    MKV,
    MOV,
    MP3,
    MP4,
    MPEG_TS,
    PDF,
    PLAYLIST,
    PNG,
    SVG,
    TEXT,
    UNKNOWN,
    WAV,
    WEBM,
    WEBP,
    XML,
    ZIP,
    FileType,
    sniff,
)
from tests.media.boxes import box
from tests.media.test_probe import encode

if TYPE_CHECKING:
    from pathlib import Path

CLIP = clips.FOLDER / "square.mp4"


def picture(form: str, frames: int = 1) -> bytes:
    target = io.BytesIO()
    images = [Image.new("RGB", (16, 16), (number * 9, 0, 0)) for number in range(frames)]
    images[0].save(target, form, **({"save_all": True, "append_images": images[1:]} if frames > 1 else {}))
    return target.getvalue()


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        file.writestr("clip.mp4", b"x")
    return target.getvalue()


def recording() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1000))
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (CLIP.read_bytes(), MP4),
        (box("ftyp", b"qt  ", bytes(4)), MOV),
        (box("ftyp", b"M4V ", bytes(4)), M4V),
        (box("ftyp", b"M4A ", bytes(4)), M4A),
        (box("ftyp", b"avif", bytes(4)), AVIF),
        (box("ftyp", b"heic", bytes(4)), HEIC),
        (box("moov", bytes(20)), MOV),
        (box("wide") + box("mdat", bytes(20)), MOV),
        (picture("PNG"), PNG),
        (picture("JPEG"), JPEG),
        (picture("WEBP"), WEBP),
        (picture("GIF"), GIF),
        (recording(), WAV),
        (b"ID3\4\0" + bytes(100), MP3),
        (b"\xff\xfb\x90\x44" + bytes(100), MP3),
        ((b"\x47" + bytes(187)) * 4, MPEG_TS),
        (archive(), ZIP),
        (gzip.compress(b"<html>"), GZIP),
        (b"%PDF-1.7\n", PDF),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", PLAYLIST),
        (b"<!DOCTYPE html><html>", HTML),
        (b"  \r\n<!-- cached --><HTML lang=en>", HTML),
        (b"\xef\xbb\xbf<html>", HTML),
        ("<html><title>gone</title>".encode("utf-16"), HTML),
        (b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C"><html>', HTML),
        (b"<h1>403 Forbidden</h1>", HTML),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', XML),
        (b"<Error><Code>ExpiredToken</Code></Error>", XML),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', SVG),
        (b'{"error": {"code": 404}}', JSON),
        (b"{}", JSON),
        (b' [ {"a": 1}]', JSON),
        (b"Not Found", TEXT),
        ("ビデオはありません".encode(), TEXT),
        ("é".encode() * HEAD, TEXT),
        (b"", EMPTY),
        (bytes(100), UNKNOWN),
        (b"\x80\x81\x82\x83" * 9, UNKNOWN),
        (b"RIFF\0\0\0\0CDDA", UNKNOWN),
        (b"G" * 100, TEXT),
        (b"free text and more of it", TEXT),
    ],
    ids=lambda value: value.media_type if isinstance(value, FileType) else "",
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, expected: FileType) -> None:
    assert sniff(data[:HEAD]) == expected


@pytest.mark.parametrize(
    ("form", "codec", "expected"),
    [
        ("webm", "libvpx-vp9", WEBM),
        ("matroska", "libx264", MKV),
        ("avi", "libx264", AVI),
        ("mpegts", "libx264", MPEG_TS),
    ],
)
def test_a_container_is_recognised(form: str, codec: str, expected: FileType) -> None:
    assert sniff(encode(form, codec, frames=3)[:HEAD]) == expected


def test_every_type_has_an_extension_that_is_safe_in_a_name() -> None:
    for file_type in (MP4, MOV, WEBM, PNG, JPEG, GIF, WEBP, WAV, MP3, HTML, JSON, UNKNOWN):
        assert file_type.extension.isalnum()
        assert file_type.extension == file_type.extension.lower()


def test_a_clip_is_kept_under_the_extension_of_its_type(tmp_path: Path) -> None:
    path = tmp_path / "evil.php"
    path.write_bytes(CLIP.read_bytes())
    examined = examine(path, "video")
    assert (examined.type, examined.extension, examined.size) == (MP4, "mp4", CLIP.stat().st_size)
    assert (examined.probe.seconds, examined.probe.width) == (4.0, 320)


@pytest.mark.parametrize(
    ("data", "variant", "reason"),
    [
        (b"<!DOCTYPE html>", "video", "is an HTML page, not a video"),
        (b'{"error": "expired"}', "video", "is a JSON document, not a video"),
        (b"<Error><Code>AccessDenied</Code></Error>", "thumbnail", "is an XML document, not a picture"),
        (b"", "video", "is empty"),
        (b"", "spritesheet", "is empty"),
        (picture("PNG"), "video", "is a PNG picture, not a video"),
        (CLIP.read_bytes(), "image", "is an MP4 file, not a picture"),
        (recording(), "video", "is a WAV recording, not a video"),
        (archive(), "reference", "is a zip archive, not a picture, a video or a recording"),
        ((b"\x47" + bytes(187)) * 4, "video", "is an MPEG transport stream, which cannot be checked here"),
        (box("ftyp", b"heic", bytes(4)), "image", "is a HEIC picture, which cannot be read here"),
    ],
)
def test_what_is_not_asked_for_is_refused_by_its_name(data: bytes, variant: str, reason: str) -> None:
    with pytest.raises(BadMedia) as error:
        examine_file(io.BytesIO(data), variant)  # type: ignore[arg-type]
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("data", "variant"),
    [
        (picture("PNG"), "image"),
        (picture("JPEG"), "spritesheet"),
        (picture("WEBP"), "thumbnail"),
        (picture("GIF", 3), "video"),
        (picture("WEBP", 3), "video"),
        (picture("PNG"), "reference"),
        (CLIP.read_bytes(), "reference"),
        (recording(), "reference"),
    ],
)
def test_what_is_asked_for_is_taken(data: bytes, variant: str) -> None:
    assert examine_file(io.BytesIO(data), variant).size == len(data)  # type: ignore[arg-type]
