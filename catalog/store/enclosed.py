"""What came inside answers and requests: bytes that become files, and the names of what went into jobs.

The same answer again changes nothing: bytes that are a file of the video stay that file, an input keeps its number.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.rows import encodable
from catalog.store.files import Bytes, Spot, save_failure, save_files, save_input
from catalog.store.names import find_ids
from catalog.wire.roles import plain_name, read_inputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Writer
    from catalog.wire.answers import ParsedVideo
    from catalog.wire.inline import Use
    from catalog.wire.roles import Role

MAX_FAILED = 20  # files of one answer of which is kept that they failed; all are counted

_VIDEOS = "SELECT id, kind, output_urls FROM videos WHERE id IN :ids"
_FILES = "SELECT video_id, variant, number, sha256, state, id FROM files WHERE video_id IN :ids ORDER BY id"
_INPUTS = "SELECT video_id, role, number, name, file_id FROM video_inputs WHERE video_id IN :ids ORDER BY id"


class Enclosed(NamedTuple):
    """Media that lay inside an answer or a request: its bytes, which are in the media folder, or why they are not.

    `use` and `role` say what they are to the job, `beside` is the address of the same output, `is_lost` says that a
    file is missing now, and not that there was none, `is_due` that only the media folder stood in the way.
    """

    use: Use
    role: Role | None = None
    data: Bytes | None = None
    reason: str | None = None
    name: str | None = None
    beside: str | None = None
    is_lost: bool = True
    is_due: bool = False
    origin: str = "inline"


def keep_enclosed(
    connection: Writer, source: str, enclosed: Mapping[str, Sequence[Enclosed]], *, at: datetime
) -> list[str]:
    """Keep what lay inside the answers about these videos, by id, as their files; return what is to be said of it."""
    ids = find_ids(connection, source, map(encodable, enclosed))
    known = {row[0]: row for row in connection.execute(_VIDEOS, {"ids": list(ids.values())})}
    remarks: list[str] = []
    for name, items in enclosed.items():
        video_id = ids.get(encodable(name))
        if video_id is None:
            continue
        shelf = _Shelf(connection, *known[video_id], at=at)
        seen: set[tuple[object, ...]] = set()
        for item in items:
            what = (item.use, item.role, item.name, item.data.sha256) if item.data else ()
            if what not in seen:  # the same output in two places is one
                shelf.put(item)
            seen.update([what] if what else ())
        shelf.save()
        reasons = Counter(item.reason for item in items if item.reason)
        remarks += [
            f"{name}: what the answer holds inside {reason}{f' ({count} times)' if count > 1 else ''}"
            for reason, count in reasons.items()
        ]
    return remarks


class _Shelf:
    """The files of one video while what an answer brought is put among them.

    What was made is numbered in the order of the answer, after the outputs that have an address.
    """

    def __init__(self, connection: Writer, video_id: int, kind: str, output_urls: str | None, *, at: datetime) -> None:
        self._connection = connection
        self._video_id = video_id
        self._kind = "image" if kind == "image" else "video"
        self._urls: list[str] = json.loads(output_urls) if output_urls else []
        self._at = at
        self._taken: dict[tuple[str, int], str | None] = {}
        self._held: dict[tuple[str, str], int] = {}  # rows, by variant and hash
        for _, variant, number, sha256, state, file_id in connection.execute(_FILES, {"ids": [video_id]}):
            self._taken[variant, number] = sha256
            if state == "present":
                self._held.setdefault((variant, sha256), file_id)
        self._new: dict[Spot, Enclosed] = {}
        self._failed: dict[Spot, str] = {}
        self._passed: Counter[str] = Counter({self._kind: len(self._urls)})
        self._inputs: list[tuple[Enclosed, str]] = []

    def put(self, item: Enclosed) -> None:
        """Find the place of an item, its bytes or a file that failed; nothing comes of what is something else."""
        variant = self._variant(item)
        if item.data is None:
            if item.is_lost and variant != "reference" and len(self._failed) < MAX_FAILED:
                spot = Spot(self._video_id, variant, self._number(item, variant))
                self._failed[spot] = item.reason or ""
            return
        number, sha256 = self._number(item, variant), item.data.sha256
        if (variant, sha256) not in self._held:
            self._new[Spot(self._video_id, variant, number)] = item
            self._taken[variant, number] = sha256
            self._held[variant, sha256] = 0
        if item.role is not None:
            self._inputs.append((item, plain_name(item.name) if item.name else f"sha256:{sha256}"))

    def save(self) -> None:
        """Keep all that was put here, and what it is to the job."""
        files = {spot: item.data for spot, item in self._new.items() if item.data}
        origins = {spot: item.origin for spot, item in self._new.items()}
        rows = save_files(self._connection, files, origins=origins, at=self._at) if files else {}
        for spot, file_id in rows.items():
            self._held[spot.variant, files[spot].sha256] = file_id
        for spot, reason in self._failed.items():
            save_failure(self._connection, spot, state="failed", reason=reason, at=self._at)
        inputs = [
            (item.role, name, self._held["reference", item.data.sha256])
            for item, name in self._inputs
            if item.role and item.data
        ]
        if inputs:
            _save_inputs(self._connection, {self._video_id: inputs})

    def _variant(self, item: Enclosed) -> str:
        kind = item.data.type.partition("/")[0] if item.data else self._kind
        if item.use == "reference":
            return "reference"
        if kind != "image":
            return "video"
        return "image" if item.use == "output" else item.use

    def _number(self, item: Enclosed, variant: str) -> int:
        if item.use == "output" and variant == self._kind and item.beside in self._urls:
            return self._urls.index(item.beside) + 1
        if variant != "reference":
            self._passed[variant] += 1
        number = max(self._passed[variant], 1)
        while item.data is not None and self._taken.get((variant, number)) not in {None, item.data.sha256}:
            number += 1
        return number


def save_named(connection: Writer, source: str, videos: Iterable[ParsedVideo | None]) -> None:
    """Keep what the payloads of these videos, which are saved already, name as their inputs."""
    named = {video.remote_id: inputs for video in videos if video is not None and (inputs := read_inputs(video))}
    if named:
        ids = find_ids(connection, source, named)
        wanted = {
            ids[remote_id]: [(role, name, None) for role, name in inputs]
            for remote_id, inputs in named.items()
            if remote_id in ids
        }
        _save_inputs(connection, wanted)


def _save_inputs(connection: Writer, wanted: Mapping[int, Sequence[tuple[Role, str | None, int | None]]]) -> None:
    """Keep inputs, each `(role, name, file's row)`; one of the same role and name is the same."""
    known: dict[tuple[Any, ...], tuple[int, int | None]] = {}
    most: Counter[tuple[int, str]] = Counter()
    for video_id, role, number, name, file_id in connection.execute(_INPUTS, {"ids": list(wanted)}):
        known[video_id, role, name] = (number, file_id)
        most[video_id, role] = max(most[video_id, role], number)
    for video_id, inputs in wanted.items():
        for role, name, file_id in inputs:
            number, held = known.get((video_id, role, name), (0, None))
            if number and (file_id is None or file_id == held):
                continue
            if not number:
                most[video_id, role] += 1
                number = most[video_id, role]
            known[video_id, role, name] = (number, file_id)
            save_input(connection, video_id, role, number, name=name, file_id=file_id)
