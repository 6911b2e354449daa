"""Reads exports of SoraVault (github.com/charyou/SoraVault), which saved whole Sora libraries while Sora existed.

It writes `soravault_manifest_….json` (`items`, and with remixes `remix_chains`), `remix_chains.json` (`chains`),
`mirror_manifest.json` (`entries`) and, beside each clip, a `.txt` of `Name : value` lines with the prompt below a rule.
A published clip is known by its post id, by which remixes name their parents; a draft has only the id of its
generation. Each item becomes a job object of the reference format that keeps the original under `soravault`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from catalog.ingest.formats import Reader, Shape
from catalog.ingest.items import Item, admit, refuse
from catalog.ingest.texts import peek_text, read_prompt
from catalog.wire.documents import Unreadable
from catalog.wire.parse import parse_videos
from catalog.wire.paths import KeyPath, compile_path, follow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from io import BufferedReader
    from pathlib import Path

    from catalog.ingest.formats import File

FORM = "soravault"

_IDS = ("postId", "genId", "taskId")
_ATTACHED = "_raw.post.attachments[]"


def _paths(*texts: str) -> tuple[KeyPath, ...]:
    return tuple(map(compile_path, texts))


# A field of the job object, and the paths in an item that may hold it, best first.
_FIELDS: tuple[tuple[str, tuple[KeyPath, ...]], ...] = (
    ("prompt", _paths("prompt", "_raw.post.text", "_raw.post.caption", "_raw.prompt", "_raw.task_prompt")),
    ("model", _paths("model", "_raw.model", f"{_ATTACHED}.model")),
    ("quality", _paths("quality")),
    ("seconds", _paths("duration", "_raw.duration_s", f"{_ATTACHED}.duration_s")),
    ("width", _paths("width", "_raw.width", f"{_ATTACHED}.width")),
    ("height", _paths("height", "_raw.height", f"{_ATTACHED}.height")),
    ("created_at", _paths("_raw.post.posted_at", "_raw.created_at", "date")),
    ("output_url", _paths("downloadUrl", "previewUrl", "pngUrl")),
    ("remixed_from_video_id", _paths("remixParentPostId", "_raw.post.parent_post_id")),
)
_GENERATION_IDS = _paths("genId", "_raw.generation_id", f"{_ATTACHED}.id", f"{_ATTACHED}.generation_id")
_POST_ID = _paths("postId", "_raw.post.id")
_TASK_ID = _paths("taskId")

_CHILD_KEYS = ("childPostId", "child_post_id", "childId", "child_id", "child", "postId", "genId", "id")
_PARENT_KEYS = ("parentPostId", "parent_post_id", "parentId", "parent_id", "parent", "remixed_from_video_id")
_CHAIN_KEYS = ("chains", "remix_chains")
_CHAINS_FILE = "remix_chains"  # how the name of a file begins that is a bare list of them

_RULE = re.compile(r"^\W*[─-]{2}\W*Prompt\b.*$", re.MULTILINE)
_HEADER = re.compile(r"^([A-Z][\w .]{0,30}?)\s*:[ \t]*(.*?)\s*$", re.MULTILINE)
_NO_PROMPT = "(none)"
_HEADER_KEYS = {
    "generation id": "genId",
    "post id": "postId",
    "task id": "taskId",
    "date": "date",
    "duration": "duration",
    "quality": "quality",
    "model": "model",
    "parent post id": "remixParentPostId",
    "remix parent": "remixParentPostId",
}


def _is_export(value: object, _path: Path) -> bool:
    """Whether the value is a manifest, a file of chains, or one item of a manifest."""
    if not isinstance(value, dict):
        return False
    if "soravault_version" in value or any(isinstance(value.get(key), list) for key in _CHAIN_KEYS):
        return True
    if isinstance(value.get("entries"), list):
        return any(isinstance(entry, dict) and _is_item(entry) for entry in value["entries"])
    return _is_item(value)


def _is_item(value: Mapping[str, Any]) -> bool:
    return "genId" in value or ("postId" in value and "mode" in value)


def _read_export(value: dict[str, Any], line: int | None, channel: str) -> Iterator[Item]:
    """The clips of an export, and the links between them; items are numbered if the value has no line."""
    if _is_item(value):
        yield _read_item(value, line, channel)
        return
    for key in ("items", "entries"):
        entries = value.get(key)
        for number, entry in enumerate(entries if isinstance(entries, list) else (), 1):
            yield _read_item(entry, line or number, channel)
    for key in _CHAIN_KEYS:
        if key in value:
            yield from _read_chains(value[key], line, channel)


EXPORT = Shape(_is_export, _read_export)


def _read_item(item: object, line: int | None, channel: str) -> Item:
    payload = _to_job(item) if isinstance(item, dict) else None
    if payload is None:
        return refuse(line, "the item has no id" if isinstance(item, dict) else "the item is not an object")
    return _admit(payload, line, channel)


def _admit(payload: dict[str, Any], line: int | None, channel: str) -> Item:
    return admit(parse_videos(payload).videos[0], line, channel=channel, form=FORM)


def _to_job(item: Mapping[str, Any], **fields: Any) -> dict[str, Any] | None:
    """The item as a job object, where `fields` win; None without an id. A clip with an address is finished."""
    values = {key: _first(item, paths) for key, paths in _FIELDS}
    values |= fields
    ids = _texts(item, _POST_ID) + _texts(item, _GENERATION_IDS) or _texts(item, _TASK_ID)
    if not ids:
        return None
    remote_id, *aliases = dict.fromkeys(ids)
    is_image = item.get("mode") == "v1" and item.get("isVideo") is False
    job: dict[str, Any] = {"id": remote_id, "object": "image" if is_image else "video"}
    job |= {"status": "completed"} if values["output_url"] else {}
    job |= {key: value for key, value in values.items() if value not in (None, "")}
    job |= {"aliases": aliases} if aliases else {}
    return {**job, FORM: dict(item)}


def _first(item: Mapping[str, Any], paths: tuple[KeyPath, ...]) -> Any:
    values = (value for path in paths for value in follow(dict(item), path))
    return next((value for value in values if value not in (None, "") and not isinstance(value, dict | list)), None)


def _texts(item: Mapping[str, Any], paths: tuple[KeyPath, ...]) -> list[str]:
    values = (value for path in paths for value in follow(dict(item), path))
    return [value for value in values if isinstance(value, str) and value.strip()]


def _read_chains(records: object, _line: int | None, channel: str) -> Iterator[Item]:
    """The remixes in the records, numbered: each child with its parent, and the post that was saved with it."""
    for line, record in enumerate(records if isinstance(records, list) else [records], 1):
        link = record if isinstance(record, dict) else {}
        child, parent = _text(link, _CHILD_KEYS), _text(link, _PARENT_KEYS)
        if child is None or parent is None:
            yield refuse(line, "the record names no clip with its parent")
            continue
        post = _recorded_post(link)
        item = {key: value for key, value in link.items() if key != "raw"}
        if post.get("id") == parent:
            item.pop("prompt", None)  # it is the parent's
            yield _read_item({"postId": parent, "_raw": link["raw"]}, line, channel)
        elif post.get("id") == child:
            item["_raw"] = link["raw"]
        job = _to_job({**item, "postId": child}, remixed_from_video_id=parent)
        if job is not None:
            yield _admit(job, line, channel)


CHAINS = Shape(lambda value, path: isinstance(value, list) and path.stem.startswith(_CHAINS_FILE), _read_chains)


def _recorded_post(record: Mapping[str, Any]) -> dict[str, Any]:
    raw = record.get("raw")
    post = raw.get("post") if isinstance(raw, dict) else None
    return post if isinstance(post, dict) else {}


def _text(node: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((value for value in map(node.get, keys) if isinstance(value, str) and value.strip()), None)


def _is_description(file: File, head: bytes) -> bool:
    return file.suffix == ".txt" and _read_description(peek_text(head)) is not None


def _read(stream: BufferedReader, file: File) -> Iterator[Item]:
    try:
        item = _read_description(read_prompt(stream)) or {}
    except Unreadable as error:
        yield refuse(None, str(error))
        return
    job = _to_job(item, **({} if file.media is None else {"status": "completed"}))
    yield refuse(None, "the item has no id") if job is None else _admit(job, None, "sidecar")


READER = Reader(FORM, frozenset({".txt"}), _is_description, _read)


def _read_description(text: str) -> dict[str, Any] | None:
    """The item that SoraVault's `.txt` describes, None for any other text."""
    rule = _RULE.search(text)
    if rule is None:
        return None
    lines = {name.lower(): value for name, value in _HEADER.findall(text[: rule.start()])}
    item: dict[str, Any] = {
        _HEADER_KEYS[name]: value for name, value in lines.items() if value and name in _HEADER_KEYS
    }
    if not any(key in item for key in _IDS):
        return None
    prompt = text[rule.end() :].strip()
    sides = re.search(r"(\d+)\s*[x×]\s*(\d+)", lines.get("resolution", ""))
    item |= {"width": int(sides[1]), "height": int(sides[2])} if sides else {}
    item |= {"duration": item["duration"].removesuffix("s")} if "duration" in item else {}
    item |= {"prompt": prompt} if prompt and prompt != _NO_PROMPT else {}
    return {**{name: value for name, value in lines.items() if name not in _HEADER_KEYS and value}, **item}
