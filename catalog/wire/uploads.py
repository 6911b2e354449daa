"""The files of a drafted request: which parts of its body were uploaded, and where their bytes lie now. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.records import to_json
from catalog.spellings import REMOVED
from catalog.wire.drafts import Upload
from catalog.wire.parts import name_of
from catalog.wire.roles import plain_name
from catalog.wire.rules import Finding
from catalog.wire.values import find_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.records import File, Video
    from catalog.wire.drafts import RequestDraft
    from catalog.wire.parts import Verb

FIELDS = ("input_reference", "reference_images", "video")
"""The fields of the reference format that may be a file."""

_FILE_ID = re.compile(r"(?:file|asset|video|task|gen)[-_][\w-]+", re.ASCII)
_SHA256 = "sha256:"


def write_part(name: str) -> Any:
    """A picture by its name, as a request names it: its address, the id of an uploaded file, else the file's name."""
    if find_url(name) is not None:
        return {"image_url": name}
    return {"file_id": name} if _FILE_ID.fullmatch(name) else name


def place(body: dict[str, Any], video: Video, verb: Verb) -> tuple[dict[str, Any], tuple[Upload, ...], list[Finding]]:
    """The body with paths in place of the names of its files, these files, and what is not known of them."""
    shelf = _Shelf(video)
    placed = dict(body)
    for field in FIELDS:
        value = body.get(field)
        if isinstance(value, list | tuple):
            placed[field] = [shelf.put(f"{field}[]", part) for part in value]
        elif value is not None and (field != "video" or verb != "create"):
            placed[field] = shelf.put(field, value)
    return placed, tuple(shelf.uploads), shelf.findings


def with_paths(draft: RequestDraft) -> dict[str, Any]:
    """The body of a draft in which each file at hand is a Path, which a check of the body opens."""
    held = {upload.path for upload in draft.uploads if upload.is_held}

    def opened(value: Any) -> Any:
        if isinstance(value, list):
            return [opened(part) for part in value]
        return Path(value) if isinstance(value, str) and value in held else value

    return {key: opened(value) if key in FIELDS else value for key, value in to_json(draft.body).items()}


def list_addresses(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The addresses of pictures and clips in a body, by their fields."""
    for field in FIELDS:
        value = body.get(field)
        for part in value if isinstance(value, list | tuple) else [value]:
            name = name_of(part) if part is not None else None
            if name and find_url(name) is not None:
                yield field, name


class _Shelf:
    """The files of reference that a library holds for one video, each taken once."""

    def __init__(self, video: Video) -> None:
        self.uploads: list[Upload] = []
        self.findings: list[Finding] = []
        self._files = {file.number: file for file in video.files if file.variant == "reference"}
        self._inputs = [each for each in video.inputs if each.file in self._files]

    def put(self, field: str, part: Any) -> Any:
        """The path of a part that was uploaded; any other part as it is."""
        name = self._name(part)
        if name is None:
            return part
        file = self._find(None if name == REMOVED else name)
        plain = field.removesuffix("[]")
        if file is not None and file.path:
            sent = Path(file.path).name if name == REMOVED or name.startswith(_SHA256) else name
            self.uploads.append(Upload(field, file.path, sent, file.type))
            return file.path
        if name == REMOVED:
            message = "bytes were sent, and the library does not hold them: put the path of a file here"
            self.findings.append(Finding("file_missing", plain, message, "error"))
            return part
        message = f"{name} was uploaded, and the library does not hold its bytes: put the file there"
        self.findings.append(Finding("file_missing", plain, message, "error"))
        self.uploads.append(Upload(field, name, name, is_held=False))
        return name

    def _name(self, part: Any) -> str | None:
        """The name of the file that was uploaded as this part, None where it is named in another way."""
        if isinstance(part, str):
            if find_url(part) is not None or _FILE_ID.fullmatch(part):
                return None
            return REMOVED if REMOVED in part else part
        if isinstance(part, Mapping):
            texts = [value.get("url") if isinstance(value, Mapping) else value for value in part.values()]
            return REMOVED if any(isinstance(text, str) and text.startswith(REMOVED) for text in texts) else None
        return None

    def _find(self, name: str | None) -> File | None:
        for each in self._inputs:
            is_nameless = (each.name or _SHA256).startswith(_SHA256)
            if is_nameless if name is None else each.name == plain_name(name):
                self._inputs.remove(each)
                return self._files.get(each.file or 0)
        return None
