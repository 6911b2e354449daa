"""What a tile shows of a video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.records import File, Video

_VERDICTS = {"keep": "kept", "reject": "rejected"}
_NAMED = 80  # characters of a prompt that name a tile
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
EXTENSIONS |= {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "video/x-matroska": "mkv"}
DRAWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})  # what can be drawn afresh
_SHAPE = (16, 9)  # of a tile whose video nobody knows the size of


@dataclass(frozen=True, slots=True)
class Tile:
    """A video as a tile: `label` names it to whoever does not see it, `marks` are the words in its corners."""

    video: Video
    label: str
    title: str
    width: int
    height: int
    picture: str | None
    sheet: str | None
    marks: tuple[str, ...]


def make_tile(video: Video, takes: int = 1) -> Tile:
    """The tile of a video, which stands for so many takes."""
    width, height = (video.width, video.height) if video.width and video.height else _SHAPE
    return Tile(
        video=video,
        label=name_video(video),
        title=title_of(video),
        width=width,
        height=height,
        picture=_address_of(video, "thumbnail"),
        sheet=_address_of(video, "spritesheet"),
        marks=tuple(_list_marks(video, takes)),
    )


def name_video(video: Video) -> str:
    """The video in words: its prompt, model, status, length, rating and verdict."""
    words = [title_of(video)[:_NAMED], video.model, video.status]
    if video.seconds:
        words.append(f"{video.seconds:g} second{'s' if video.seconds != 1 else ''}")
    words.append(f"rated {video.rating}" if video.rating else "unrated")
    words.append(_VERDICTS.get(video.verdict))
    return ", ".join(word for word in words if word)


def title_of(video: Video) -> str:
    """The prompt, else what stands for it."""
    return video.prompt or video.file_name or video.ref


def media_name(file: File) -> str | None:
    """What the bytes of a file are called below `/-/media/`; None where nobody has them, or browsers show none such.

    Small pictures that came from a server are sent only as we draw them afresh, as JPEG.
    """
    extension = "jpg" if is_foreign(file) else EXTENSIONS.get(file.type or "")
    return f"{file.sha256}.{extension}" if file.sha256 and extension and file.path else None


def is_foreign(file: File) -> bool:
    """Whether it is a thumbnail or a sheet of frames that somebody else has made."""
    return file.variant in {"thumbnail", "spritesheet"} and file.origin != "made" and (file.type or "") in DRAWN


def _address_of(video: Video, variant: str) -> str | None:
    return next((name for file in video.files if file.variant == variant and (name := media_name(file))), None)


def _list_marks(video: Video, takes: int) -> list[str]:
    marks = [f"{video.seconds:g} s"] if video.seconds else []
    if video.status != "completed":
        marks.append(video.error_code or video.status)
    if takes > 1:
        marks.append(f"{takes:,} takes")
    return marks
