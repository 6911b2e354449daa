"""A video as one looks at it to judge it: its clip, its picture, or a box that says why there is neither."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.records import UNDECIDED, Probe
from catalog.web.gallery.tiles import media_name, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.records import File, Video

_SHAPE = (16, 9)  # of what nobody knows the size of
_KNOWN_FPS = 24.0  # frames a second where a file does not say
VERDICTS = {"keep": "kept", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class Side:
    """What is shown of a video: `kind` is `clip`, `picture` or `box`, which has `reason` in words.

    `media` and `poster` are the names of bytes below `/-/media/`; `has_sound` is None where nobody knows.
    """

    video: Video
    title: str
    kind: str
    media: str | None
    poster: str | None
    reason: str
    width: int
    height: int
    fps: float
    has_sound: bool | None
    decided: str


def make_side(video: Video) -> Side:
    """The video as one side of a comparison, or alone on the stage of a review."""
    clip, picture, poster = (_find(video, variant) for variant in ("video", "image", "thumbnail"))
    shown = clip or picture
    probe = (shown and shown.probe) or Probe()
    width, height = _measure(video, probe)
    return Side(
        video=video,
        title=title_of(video),
        kind="clip" if clip else "picture" if picture else "box",
        media=media_name(shown) if shown else None,
        poster=media_name(poster) if poster else None,
        reason="" if shown else _find_reason(video),
        width=width,
        height=height,
        fps=probe.fps or _KNOWN_FPS,
        has_sound=None if probe.codec is None else probe.audio is not None,
        decided=VERDICTS.get(video.verdict, ""),
    )


def list_facts(video: Video) -> Mapping[str, str]:
    """What is known of the video beside its prompt, each fact in words by its name; unknown ones are empty."""
    facts = {**_list_asked(video), **_list_delivered(video), **_list_said(video)}
    for name, text in (*sorted(video.parameters.items()), *_list_facets(video).items()):
        facts[f"facet {name}" if name in facts else name] = str(text)
    return {name: text or "" for name, text in facts.items()}


def _list_asked(video: Video) -> dict[str, str | None]:
    """The job, as the server tells it."""
    took = video.completed_at - video.created_at if video.completed_at and video.created_at else None
    return {
        "model": video.model,
        "status": video.status,
        "error": _describe_error(video),
        "seconds": _number(video.seconds),
        "size": video.size,
        "quality": video.quality,
        "tier": video.tier,
        "seed": video.seed,
        "cost": _dollars(video),
        "source": video.source,
        "kind": video.kind,
        "created": _moment(video.created_at),
        "took": f"{took.total_seconds():,.0f} s" if took else None,
        "expires": _moment(video.expires_at),
        "negative prompt": video.negative_prompt,
    }


def _list_delivered(video: Video) -> dict[str, str | None]:
    """The clip or picture, as its bytes tell it."""
    file = _find(video, "video") or _find(video, "image")
    if file is None:
        return {}
    probe = file.probe or Probe()
    return {
        "delivered seconds": _number(probe.seconds),
        "delivered size": f"{probe.width}x{probe.height}" if probe.width else None,
        "frames a second": _number(probe.fps),
        "codec": ", ".join(filter(None, (probe.codec, probe.audio))),
        "file": _volume(file.size),
        "credentials": file.credentials.words if file.credentials else None,
    }


def _list_said(video: Video) -> dict[str, str | None]:
    """What people say of it, and what it was made from."""
    parents = dict.fromkeys((link.parent, link.relation) for link in video.links if link.child == video.ref)
    return {
        "rating": str(video.rating) if video.rating else None,
        "verdict": video.verdict if video.verdict != UNDECIDED else None,
        "note": video.note,
        "tags": ", ".join(map(str, video.tags)),
        "collections": ", ".join(video.collections),
        "made from": ", ".join(f"{parent} ({relation})" for parent, relation in parents),
        "inputs": ", ".join(f"{given.role} {given.name or given.number}" for given in video.inputs),
    }


def _list_facets(video: Video) -> dict[str, str]:
    values: dict[str, dict[str, None]] = defaultdict(dict)
    for facet in sorted((*video.facets, *video.inherited), key=lambda facet: (facet.name, facet.value)):
        values[facet.name][facet.value] = None
    return {name: ", ".join(each) for name, each in values.items()}


def _find(video: Video, variant: str) -> File | None:
    """The first of its files of this variant whose bytes are here, in a format that browsers show."""
    return next((file for file in video.files if file.variant == variant and media_name(file)), None)


def _find_reason(video: Video) -> str:
    """Why there is nothing to look at."""
    if video.status != "completed":
        return ": ".join(filter(None, (video.status, _describe_error(video))))
    file = next((file for file in video.files if file.variant in {"video", "image"}), None)
    if file is None:
        return "not downloaded: run `catalog download`"
    if file.state != "present":
        return f"{file.state}: {file.reason}" if file.reason else file.state
    if file.path is None:
        place = next(iter(file.places), None)
        return f"{place.state}: {place.path}" if place else "its bytes are not here"
    return f"browsers do not show {file.type or 'what nobody knows the type of'}"


def _describe_error(video: Video) -> str:
    return ": ".join(filter(None, (video.error_code, video.error_message)))


def _measure(video: Video, probe: Probe) -> tuple[int, int]:
    """Its width and height: as its file has them, else as they were asked for."""
    shapes = ((probe.width, probe.height), (video.width, video.height), _SHAPE)
    return next((width, height) for width, height in shapes if width and height)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _volume(size: int | None) -> str | None:
    if size is None:
        return None
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"


def _dollars(video: Video) -> str | None:
    if video.cost_usd is None:
        return None
    return f"${video.cost_usd:,.2f}" + (f" ({video.cost_basis})" if video.cost_basis else "")


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else None
