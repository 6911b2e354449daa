"""What a tile shows of a video: its picture, its words, and marks in its corner where they say something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.records import File, Video

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
EXTENSIONS |= {"video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "video/x-matroska": "mkv"}
_VERDICTS = {"keep": "kept", "reject": "rejected"}
_NAMED = 80  # characters of a prompt that name a tile
_SHOWN = 240  # of a prompt below a tile, and in a line of the list
DRAWN = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"})  # what can be drawn afresh
_SHAPE = (16, 9)  # of a tile whose video nobody knows the size of
_NARROWEST, _WIDEST = 0.4, 3.0  # shapes of tiles: what goes beyond stands within one
_HOURS = 48  # that an address still lasts, from which on a tile says so
_MADE_GRID = "4x3"


class Mark(NamedTuple):
    """A word in the corner of a tile, of a `kind` that has a colour, with what explains it."""

    kind: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A video as a tile.

    `label` names it to whoever does not see it. `sheet` is its sheet of frames, which has `grid` columns and rows;
    `blank` stands in the place of a picture that is missing.
    """

    ref: str
    label: str
    title: str
    status: str
    width: int
    height: int
    picture: str | None
    sheet: str | None
    grid: str
    clip: str | None
    blank: str
    marks: tuple[Mark, ...]
    model: str
    length: str
    size: str
    seed: str
    cost: str
    created: str
    rating: int
    verdict: str


def make_tile(video: Video, takes: int = 1, now: datetime | None = None) -> Tile:
    """The tile of a video, which stands for so many takes."""
    width, height = _shape_of(video)
    picture = _address_of(_find_file(video, "thumbnail") or _find_file(video, "image"))
    sheet = _find_file(video, "spritesheet")
    return Tile(
        ref=video.ref,
        label=name_video(video),
        title=title_of(video)[:_SHOWN],
        status=video.status,
        width=width,
        height=height,
        picture=picture,
        sheet=_address_of(sheet),
        grid=_grid_of(sheet, width, height) if sheet else "",
        clip=_address_of(_find_file(video, "video")),
        blank=_blank_of(video),
        marks=tuple(_list_marks(video, takes, now or datetime.now(UTC), has_picture=picture is not None)),
        model=video.model or "",
        length=f"{video.seconds:g} s" if video.seconds else "",
        size=video.size or "",
        seed=f"seed {video.seed}" if video.seed else "",
        cost=f"${video.cost_usd:.2f}" if video.cost_usd is not None else "",
        created=f"{video.created_at:%Y-%m-%d %H:%M}" if video.created_at else "",
        rating=video.rating or 0,
        verdict=_VERDICTS.get(video.verdict, ""),
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


def _find_file(video: Video, variant: str) -> File | None:
    return next((file for file in video.files if file.variant == variant and media_name(file)), None)


def _address_of(file: File | None) -> str | None:
    return media_name(file) if file else None


def _shape_of(video: Video) -> tuple[int, int]:
    """The shape of the tile: the clip's own, unless that is a thread."""
    if not (video.width and video.height):
        probe = next(
            (file.probe for file in video.files if file.probe and file.probe.width and file.probe.height), None
        )
        return (probe.width or 0, probe.height or 0) if probe else _SHAPE
    shape = min(max(video.width / video.height, _NARROWEST), _WIDEST)
    return (video.width, video.height) if shape == video.width / video.height else (round(1000 * shape), 1000)


def _grid_of(sheet: File, width: int, height: int) -> str:
    """Columns and rows of a sheet of frames; those that are made here all have the same."""
    if sheet.origin == "made" or not (sheet.probe and sheet.probe.width and sheet.probe.height):
        return _MADE_GRID
    return _divide((sheet.probe.width, sheet.probe.height), (width, height))


@lru_cache(1000)
def _divide(sheet: tuple[int, int], clip: tuple[int, int]) -> str:
    from catalog.media.pictures import divides

    grid = divides(sheet, clip)
    return f"{grid[0]}x{grid[1]}" if grid else _MADE_GRID


def _blank_of(video: Video) -> str:
    """What stands where a picture would be."""
    if video.status == "completed":
        return "no picture"
    if video.status == "in_progress" and video.progress:
        return f"in progress, {video.progress:g}\u00a0%"
    return video.error_code or video.status.replace("_", " ")


def _list_marks(video: Video, takes: int, now: datetime, *, has_picture: bool) -> list[Mark]:
    marks = [Mark("length", f"{video.seconds:g} s")] if video.seconds else []
    if video.status != "completed" and has_picture:  # where there is none, it stands in its place
        marks.append(_mark_status(video))
    if takes > 1:
        marks.append(Mark("takes", f"{takes:,} takes"))
    ref = video.ref
    if remixes := sum(link.parent == ref and link.relation == "remix" for link in video.links):
        marks.append(Mark("remixes", f"{remixes:,} remix{'es' if remixes > 1 else ''}"))
    if video.gone_at:
        marks.append(Mark("gone", "gone", "the server does not know it any more"))
    if (left := _time_left(video, now)) is not None:
        marks.append(Mark("expiring", left, "until the server's addresses expire; nothing of it is held here"))
    return [*marks, *_list_findings(video)]


def _list_findings(video: Video) -> Iterator[Mark]:
    """What the newest check of credentials found, and what a person thinks of the video."""
    checked = next((file.credentials for file in video.files if file.credentials), None)
    if checked and checked.status != "absent":
        yield Mark("credentials", f"C2PA {checked.status.replace('_', ' ')}", checked.words)
    if video.rating:
        yield Mark("rating", "★" * video.rating, f"rated {video.rating}")
    if word := _VERDICTS.get(video.verdict):
        yield Mark(word, word)


def _mark_status(video: Video) -> Mark:
    if video.status == "failed":
        return Mark("failed", video.error_code or "failed", "failed")
    return Mark("status", video.status.replace("_", " "))


def _time_left(video: Video, now: datetime) -> str | None:
    """How long the addresses of a video still last, where that is short and none of its files is here."""
    if video.expires_at is None or any(file.path and file.variant in {"video", "image"} for file in video.files):
        return None
    minutes = (video.expires_at - now).total_seconds() / 60
    if not 0 < minutes < 60 * _HOURS:
        return None
    return f"{minutes:.0f} min left" if minutes < 90 else f"{minutes / 60:.0f} h left"
