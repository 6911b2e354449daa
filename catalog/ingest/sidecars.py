"""A clip's own `.json` and `.txt`: what they tell is about that clip, whose file name is its id where none is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.ingest import vault
from catalog.ingest.answers import read_value
from catalog.ingest.items import FACETS, Entry, Item, admit, refuse
from catalog.ingest.texts import read_text
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.wire.answers import ParsedVideo

MAX_SIDECAR = 32 * 1024 * 1024  # bytes; a manifest may lie beside a clip of the same name
MAX_PROMPT_FILE = 1024 * 1024  # bytes; the longest prompt any server takes has 32,000 characters

_CHANNEL = "sidecar"
_TELLING = ("prompt", "negative_prompt", "model", "seconds", "width", "size_text", "quality", "tier", "created_at")


def read_sidecar(path: Path, data: bytes, media: Path | None) -> Iterator[Item]:
    """What the sidecar tells of the clip `media`; a `.txt` without a clip tells something when it names one itself."""
    try:
        if path.suffix.lower() == ".txt":
            yield _read_prompt(read_text(data), media)
        elif media is not None:
            yield from _read_facts(read_json(read_text(data).encode()), media)
    except Unreadable as error:
        yield refuse(None, str(error))


def _read_prompt(text: str, media: Path | None) -> Item:
    text = text.strip()
    if not text:
        return refuse(None, "the file is empty")
    if len(text) > MAX_PROMPT_FILE:
        return refuse(None, "too long for a prompt")
    item = vault.read_sidecar(text)
    if item is not None:
        job = vault.to_job(item, **({} if media is None else {"status": "completed"}))
        video = parse_videos(job).videos[0]
        return admit(video, None, channel=_CHANNEL, form=vault.FORM)
    if media is None:
        return refuse(None, "no clip lies beside it, and it names none")
    return admit(_video_of({"prompt": text}, _find_id(media)), None, channel=_CHANNEL, form=_CHANNEL)


def _read_facts(told: Any, media: Path) -> Iterator[Item]:
    if isinstance(told, dict) and not vault.is_export(told):
        answer = parse_videos(told, http_status=None)
        if not answer.videos and answer.kind in {"video", "request", "other"}:
            video = _video_of(told, media.stem)
            is_telling = bool(told.get(FACETS)) or any(getattr(video, name) is not None for name in _TELLING)
            yield admit(video, None, channel=_CHANNEL, form=_CHANNEL) if is_telling else refuse(None, "no job in it")
            return
    yield from read_value(told, channel=_CHANNEL)


def _video_of(told: dict[str, Any], remote_id: str) -> ParsedVideo:
    """The clip of that id as these fields tell it: it lies there, so it was finished."""
    return parse_videos({"status": "completed", **told, "id": remote_id, "object": "video"}).videos[0]


def _find_id(media: Path) -> str:
    """The id that the clip's `.json` tells, where it tells of one video; else the name of its file."""
    for path in (media.with_suffix(".json"), media.with_name(media.name + ".json")):
        try:
            if not path.is_file() or path.stat().st_size > MAX_SIDECAR:
                continue
            told = read_json(read_text(path.read_bytes()).encode())
        except (OSError, Unreadable):
            continue
        entries = [item for item in _read_facts(told, media) if isinstance(item, Entry)]
        if len({entry.video.remote_id for entry in entries}) == 1:
            return entries[0].video.remote_id
    return media.stem
