"""What a file is, from its first bytes: never from its name, nor from what a server says about it."""

from __future__ import annotations

import codecs
import re
from typing import Literal, NamedTuple

Kind = Literal["video", "image", "audio", "other"]

HEAD = 4096  # bytes that are enough to tell


class FileType(NamedTuple):
    """A type of files: `media_type` as in HTTP, `extension` without a dot, `noun` as in "is an HTML page".

    A file of this type is kept under this extension, whatever it was called where it came from.
    """

    media_type: str
    extension: str
    kind: Kind
    noun: str


MP4 = FileType("video/mp4", "mp4", "video", "an MP4 file")
M4V = FileType("video/x-m4v", "m4v", "video", "an M4V file")
MOV = FileType("video/quicktime", "mov", "video", "a QuickTime file")
WEBM = FileType("video/webm", "webm", "video", "a WebM file")
MKV = FileType("video/x-matroska", "mkv", "video", "a Matroska file")
AVI = FileType("video/x-msvideo", "avi", "video", "an AVI file")
FLV = FileType("video/x-flv", "flv", "video", "a Flash video")
MPEG_TS = FileType("video/mp2t", "ts", "video", "an MPEG transport stream")
PNG = FileType("image/png", "png", "image", "a PNG picture")
JPEG = FileType("image/jpeg", "jpg", "image", "a JPEG picture")
WEBP = FileType("image/webp", "webp", "image", "a WebP picture")
GIF = FileType("image/gif", "gif", "image", "a GIF picture")
AVIF = FileType("image/avif", "avif", "image", "an AVIF picture")
HEIC = FileType("image/heic", "heic", "image", "a HEIC picture")
WAV = FileType("audio/wav", "wav", "audio", "a WAV recording")
MP3 = FileType("audio/mpeg", "mp3", "audio", "an MP3 recording")
M4A = FileType("audio/mp4", "m4a", "audio", "an M4A recording")
OGG = FileType("audio/ogg", "ogg", "audio", "an Ogg recording")
FLAC = FileType("audio/flac", "flac", "audio", "a FLAC recording")
HTML = FileType("text/html", "html", "other", "an HTML page")
SVG = FileType("image/svg+xml", "svg", "other", "an SVG drawing")
XML = FileType("application/xml", "xml", "other", "an XML document")
JSON = FileType("application/json", "json", "other", "a JSON document")
PLAYLIST = FileType("application/vnd.apple.mpegurl", "m3u8", "other", "a playlist")
ZIP = FileType("application/zip", "zip", "other", "a zip archive")
GZIP = FileType("application/gzip", "gz", "other", "gzip data")
PDF = FileType("application/pdf", "pdf", "other", "a PDF document")
TEXT = FileType("text/plain", "txt", "other", "text")
EMPTY = FileType("application/x-empty", "bin", "other", "empty")
UNKNOWN = FileType("application/octet-stream", "bin", "other", "data of an unknown kind")

_KNOWN = (MP4, M4V, MOV, WEBM, MKV, AVI, FLV, MPEG_TS, PNG, JPEG, WEBP, GIF, AVIF, HEIC, WAV, MP3, M4A, OGG, FLAC)
_EXTENSIONS = {known.media_type: known.extension for known in _KNOWN}

_STARTS: tuple[tuple[bytes, FileType], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"FLV\1", FLV),
    (b"ID3", MP3),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"%PDF-", PDF),
    (b"PK\3\4", ZIP),
    (b"PK\5\6", ZIP),
    (b"\x1f\x8b", GZIP),
    (b"#EXTM3U", PLAYLIST),
)
_RIFF = {b"WEBP": WEBP, b"AVI ": AVI, b"WAVE": WAV}
_BRANDS = {
    b"qt  ": MOV,
    b"M4V ": M4V,
    b"M4VH": M4V,
    b"M4VP": M4V,
    b"M4A ": M4A,
    b"M4B ": M4A,
    b"avif": AVIF,
    b"avis": AVIF,
    b"heic": HEIC,
    b"heix": HEIC,
    b"mif1": HEIC,
    b"msf1": HEIC,
}
_MARKUP = (
    (
        re.compile(
            rb"<(!doctype\s+html|html|head|body|title|meta|link|style|script|iframe|center|div|pre|p|h1)\b",
            re.IGNORECASE,
        ),
        HTML,
    ),
    (re.compile(rb"<svg\b"), SVG),
    (re.compile(rb"<(\?xml|[A-Za-z][\w.:-]*[\s/>])"), XML),
    (re.compile(rb"""\{\s*["}]|\[\s*(["{\[\]0-9tfn-]|\Z)"""), JSON),
)
_COMMENTS = re.compile(rb"(\s|<!--.*?-->)*", re.DOTALL)
_PROLOGUE = re.compile(rb"(\s|<\?xml.*?\?>|<!doctype[^>]*>|<!--.*?-->)*", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f]")


def name_extension(media_type: str | None) -> str:
    """The extension that files of a media type are kept under."""
    return _EXTENSIONS.get(media_type or "", UNKNOWN.extension)


def sniff(head: bytes) -> FileType:
    """The type of a file that begins with these bytes; give it HEAD of them, or all there are."""
    if not head:
        return EMPTY
    start = next((file_type for start, file_type in _STARTS if head.startswith(start)), None)
    return start or _sniff_container(head) or _sniff_stream(head) or _sniff_text(head)


def _sniff_container(head: bytes) -> FileType | None:
    kind = head[4:8]
    if kind == b"ftyp":
        return _BRANDS.get(head[8:12], MP4)
    if kind == b"styp":
        return MP4
    if kind in {b"moov", b"mdat", b"wide", b"skip", b"free", b"pnot"} and head[0] < 0x20:  # not a text
        return MOV
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else MKV
    return None


def _sniff_stream(head: bytes) -> FileType | None:
    """The type of what has no header of its own: packets of 188 bytes, frames of MPEG audio."""
    if all(head[at : at + 1] == b"\x47" for at in (0, 188, 376)):
        return MPEG_TS
    is_frame = len(head) > 3 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2  # layer 3
    return MP3 if is_frame and head[2] >> 4 != 0xF else None


def _sniff_text(head: bytes) -> FileType:
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = text.decode("utf-16", "replace").encode()
    start = _COMMENTS.match(text)
    text = text[start.end() if start else 0 :]
    if text.startswith(b"<?xml"):
        start = _PROLOGUE.match(text)
        behind = text[start.end() if start else 0 :]
        text = behind if _MARKUP[0][0].match(behind) or _MARKUP[1][0].match(behind) else text
    for pattern, file_type in _MARKUP:
        if pattern.match(text):
            return file_type
    try:
        decoded = codecs.getincrementaldecoder("utf-8")().decode(text)  # its last character may be cut
    except UnicodeDecodeError:
        return UNKNOWN
    return UNKNOWN if _CONTROL.search(decoded) else TEXT
