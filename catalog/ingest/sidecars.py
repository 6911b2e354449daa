"""Reads the `.json` and `.txt` beside a clip: they describe that clip, whose id is its file name if they have none."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from catalog.fields import REQUESTED
from catalog.ingest.answers import find_shape, read_value
from catalog.ingest.folders import MAX_BESIDE, MEDIA, SIDECARS, read_beside
from catalog.ingest.formats import Reader
from catalog.ingest.items import FACETS, Entry, Item, admit, refuse
from catalog.ingest.sequences import Value, read_values
from catalog.ingest.texts import peek_text, read_prompt, read_text
from catalog.wire.documents import Unreadable, read_json
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.folders import ReadBeside
    from catalog.ingest.formats import File
    from catalog.wire.answers import ParsedVideo

_FORM = CHANNEL = "sidecar"
_TEXT = ".txt"
_ENDINGS = tuple(SIDECARS)
_DESCRIBING = (*REQUESTED, "created_at")


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    assert file.media is not None  # noqa: S101 - as sniffed
    try:
        if file.suffix == _TEXT:
            video = _make_video({"prompt": read_prompt(stream)}, _find_id(file.read_beside, file.media))
            yield admit(video, None, channel=CHANNEL, form=_FORM)
            return
        data = stream.read(MAX_BESIDE + 1)
        if len(data) > MAX_BESIDE:
            yield refuse(None, f"more than {MAX_BESIDE // 1024 // 1024} MiB beside a clip")
        else:
            for value in read_values(io.BytesIO(data)):
                if isinstance(value, Value):
                    yield from _read_facts(value.content, file.path, file.media)
                else:
                    yield value
    except Unreadable as error:
        yield refuse(None, str(error))


READER = Reader(_FORM, frozenset({".json", _TEXT}), lambda file, _: file.media is not None, _read)


def _read_lone_text(stream: BufferedReader, _file: File) -> Iterator[Item]:
    try:
        read_prompt(stream)
        yield refuse(None, "no clip lies beside it, and it names none")
    except Unreadable as error:
        yield refuse(None, str(error))


def _is_lone_text(file: File, head: bytes) -> bool:
    """Whether it is a text without a clip and without JSON; JSON among words counts only in what was named alone."""
    text = peek_text(head).lstrip()
    is_log = file.is_named and not file.is_among_clips and '{"' in text
    has_json = is_log or text.startswith(("{", "["))
    return file.suffix == _TEXT and not has_json


TEXT_READER = Reader("text", frozenset({_TEXT}), _is_lone_text, _read_lone_text)


def _read_facts(value: Any, path: Path, media: Path) -> Iterator[Item]:
    if isinstance(value, dict) and find_shape(value, path) is None:
        answer = parse_videos(value, http_status=None)
        if not answer.videos and answer.kind in {"video", "request", "other"}:
            video = _make_video(value, media.stem)
            is_described = bool(value.get(FACETS)) or any(getattr(video, name) for name in _DESCRIBING)
            yield admit(video, None, channel=CHANNEL, form=_FORM) if is_described else refuse(None, "no job in it")
            return
    yield from read_value(value, path=path, channel=CHANNEL)


def _make_video(fields: dict[str, Any], remote_id: str) -> ParsedVideo:
    """The clip with that id and these fields; it is there, so it is finished."""
    return parse_videos({"status": "completed", **fields, "id": remote_id, "object": "video"}).videos[0]


def find_sidecars(media: str) -> list[str]:
    """The sidecars that lie beside a clip or a picture."""
    stem, _, _ = media.rpartition(".")
    candidates = (beginning + ending for ending in (".json", ".txt", ".JSON", ".TXT") for beginning in (stem, media))
    return [path for path in candidates if os.path.isfile(path)]  # noqa: PTH113 - a Path for each is slow


def may_hold_sidecars(folder: str, most: int) -> bool:
    """Whether a sidecar of anything may lie in a folder; also where more than `most` names would have to be read."""
    try:
        with os.scandir(folder) as entries:
            return any(number == most or entry.name.lower().endswith(_ENDINGS) for number, entry in enumerate(entries))
    except OSError:
        return True


def list_media(sidecar: str) -> list[str]:
    """The paths of clips and pictures that a sidecar may lie beside; none where it is not one."""
    stem, dot, ending = sidecar.rpartition(".")
    if f"{dot}{ending}".lower() not in SIDECARS:
        return []
    spellings = [stem + suffix for media in sorted(MEDIA) for suffix in (media, media.upper())]
    return [stem, *spellings] if f".{stem.rpartition('.')[2]}".lower() in MEDIA else spellings


def read_id(media: Path) -> str:
    """The id that a clip has by what lies beside it: see `find_sidecars`."""
    return _find_id(read_beside, media)


def _find_id(read: ReadBeside, media: Path) -> str:
    """The id in the clip's `.json`, if it describes one video; else the name of the clip's file."""
    endings = (".json", ".JSON")
    for path in (*map(media.with_suffix, endings), *(media.with_name(media.name + ending) for ending in endings)):
        data = read(path)
        try:
            value = None if data is None else read_json(read_text(data).encode())
        except Unreadable:
            continue
        entries = [item for item in _read_facts(value, path, media) if isinstance(item, Entry)] if data else []
        if len({entry.video.remote_id for entry in entries}) == 1:
            return entries[0].video.remote_id
    return media.stem
