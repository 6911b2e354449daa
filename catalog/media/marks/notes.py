"""What a file carries as text: in which part of it, under which name. What it means is for others to say."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_KEPT = 4 * 1024**2  # bytes of a text that is kept whole
MOST_READ = 32 * 1024**2  # bytes of a text that are read at all, and of what surrounds it in the file
MOST_NOTES = 1_000  # of one file; ComfyUI writes two, phones some twenty
MOST_PARTS = 100_000  # boxes, chunks, segments or elements of a file that are looked at

XMP = "xmp"  # the key of a packet of XMP, whatever carries it

Meaning = Literal["label", "platform", "graph", "parameters", "text", "hint", "xmp"]

# What stands under a name, in small letters and without what Apple puts before it. All else is passed over unread.
_MEANINGS: Mapping[str, Meaning] = {
    "aigc": "label",
    **dict.fromkeys(("aigc_info", "vid_md5", "source_info", "log_id"), "platform"),
    **dict.fromkeys(("prompt", "workflow"), "graph"),
    "parameters": "parameters",
    **dict.fromkeys(("comment", "©cmt", "icmt", "description", "©des", "desc", "ldes", "usercomment"), "text"),
    **dict.fromkeys(("imagedescription", "make", "model"), "text"),
    **dict.fromkeys(("encoder", "©too", "software", "©swr", "isft", "handler_name", "sei"), "hint"),
    **dict.fromkeys(("muxingapp", "writingapp", "creatortool"), "hint"),
    **dict.fromkeys((XMP, "xml:com.adobe.xmp"), "xmp"),
}
_APPLE = "com.apple.quicktime."

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Note(NamedTuple):
    """A text in a file: the `carrier` is the part that holds it, as its format names that, the `key` its name there.

    `size` is bytes in the file. A text that `is_cut` lacks its end: it is longer than is read, or its part of the file
    sticks out of what is around it.
    """

    carrier: str
    key: str
    text: str
    size: int
    is_cut: bool = False

    @property
    def is_long(self) -> bool:
        """Whether there is more of the text than is kept."""
        return self.size > MOST_KEPT

    @property
    def is_broken(self) -> bool:
        """Whether the end of the text is missing in the file."""
        return self.is_cut and not self.is_long


def name_meaning(key: str) -> Meaning | None:
    """What stands under a name; None for what is of no interest here."""
    return _MEANINGS.get(key.lower().removeprefix(_APPLE))


def note(carrier: str, key: str, data: bytes, encoding: str = "utf-8", size: int | None = None) -> Note:
    """The note that these bytes are; `size` is how many there should be."""
    expected = len(data) if size is None else size
    is_cut = expected > len(data) or len(data) > MOST_READ
    shown = expected if len(data) > MOST_KEPT else len(data)  # of a short text that lacks its end nobody knows the size
    return Note(carrier, key, decode(data[:MOST_READ], encoding), shown, is_cut)


def decode(data: bytes, encoding: str = "utf-8") -> str:
    """The text of bytes that may be wrong: a byte order mark rules, zeros at the end are dropped, others replaced."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
    return data.decode(encoding, "replace").rstrip("\0").replace("\0", "\N{REPLACEMENT CHARACTER}")
