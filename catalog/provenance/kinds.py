"""Which files the reader can read, by their bytes; by their names only where the bytes say nothing."""

from __future__ import annotations

import re
from pathlib import PurePath

from ..media import sniff

# What the reader calls each type, by the bytes; none of the others that they can tell of is one it reads.
_FORMATS = {
    sniff.MP4: "video/mp4",
    sniff.M4V: "video/x-m4v",
    sniff.MOV: "video/quicktime",
    sniff.AVI: "video/avi",
    sniff.PNG: "image/png",
    sniff.JPEG: "image/jpeg",
    sniff.WEBP: "image/webp",
    sniff.GIF: "image/gif",
    sniff.AVIF: "image/avif",
    sniff.HEIC: "image/heic",
    sniff.WAV: "audio/wav",
    sniff.MP3: "audio/mpeg",
    sniff.M4A: "audio/mp4",
    sniff.FLAC: "audio/flac",
    sniff.SVG: "image/svg+xml",
    sniff.PDF: "application/pdf",
}
_UNREADABLE = frozenset({sniff.WEBM, sniff.MKV, sniff.FLV, sniff.MPEG_TS, sniff.OGG, sniff.GZIP})
_PACKAGES = re.compile(r"doc[mx]|epub|od[gpst]|ot[gpst]|oxps|ppt[mx]|xls[mx]|zip")  # archives of zip
_BY_NAME = re.compile(r"arw|avi|avif|dng|flac|gif|hei[cf]|jpe?g|jxl|m4[av]|mov|mp[34]|nef|pdf|png|svg|tiff?|wav|webp")
STORE = "a manifest store without its media"


class Unsupported(Exception):
    """The bytes are of a kind that the reader cannot read; the message is its noun."""


def name_format(head: bytes, name: str) -> str:
    """What the reader is told of a file with these first bytes and this name; "" lets it look for itself.

    Raises Unsupported.
    """
    if head[4:8] == b"jumb":
        raise Unsupported(STORE)
    if head[4:8] in {b"styp", b"moof", b"sidx"}:
        raise Unsupported("a part of a film in fragments, without its beginning")
    file_type = sniff.sniff(head)
    if file_type in _UNREADABLE:
        raise Unsupported(file_type.noun)
    extension = PurePath(name).suffix.lower().removeprefix(".")
    if file_type is sniff.ZIP:
        return extension if _PACKAGES.fullmatch(extension) else "zip"
    if file_type in _FORMATS:
        return _FORMATS[file_type]
    if extension == "c2pa":
        raise Unsupported(STORE)
    is_known = _BY_NAME.fullmatch(extension) or _PACKAGES.fullmatch(extension)
    return extension if is_known else ""
