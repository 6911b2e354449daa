"""One job object to one ParsedVideo.

Every field takes its keys out of a copy of the payload; what remains is `extra`. A value that cannot be read remains
too, and `flaws` names it. What the job's own level leaves open, its results fill, and then the request that it echoes;
such inner objects stay in `extra` whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.records import TERMINAL_STATUSES
from catalog.wire.answers import ParsedVideo
from catalog.wire.faults import error_headers
from catalog.wire.fields import (
    COMPLETED,
    IMAGE_MARKS,
    INNER_LOOKUPS,
    KEYS,
    KINDS,
    LOOKUPS,
    MODEL,
    PARENTS,
    POST_TEXTS,
    PROVIDER_METADATA,
    REFERENCE,
    REFERENCE_KEYS,
    REMIXED_FROM,
    REQUEST_LOOKUPS,
    REQUEST_TEXTS,
    RUNNING_KEYS,
)
from catalog.wire.ids import is_operation, model_of, raw_id, read_names
from catalog.wire.leftovers import Leftovers
from catalog.wire.levels import NO_LEVELS, read_levels
from catalog.wire.outputs import read_outputs
from catalog.wire.parameters import known_parameters, read_parameters
from catalog.wire.paths import follow
from catalog.wire.reasons import filtered, find_message, find_reason, list_reasons
from catalog.wire.sizes import find_size
from catalog.wire.states import canonical_status, find_flag, find_state_key, is_understood
from catalog.wire.values import (
    find_url,
    read_frame,
    read_number,
    read_pixels,
    read_scalar_text,
    read_text,
    readable,
)
from catalog.wire.words import in_snake_case, texts_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from catalog.wire.fields import Key, Lookup
    from catalog.wire.ids import Names
    from catalog.wire.levels import Levels

_PARAMETERS = "parameters"
_GOOGLE_TYPE = "@type"  # metadata of an operation, not of a user
_UNSUCCESSFUL = frozenset({"failed", "cancelled", "expired"})


def parse_job(job: dict[str, Any], asked_id: str | None = None) -> ParsedVideo | None:
    """The video that a job object describes; None when neither the object nor `asked_id` names it."""
    is_plain = REFERENCE.issuperset(job) and _has_own_metadata(job)
    rest = Leftovers(job, is_plain=is_plain)
    named = job if is_plain else dict(rest.keys)
    names = read_names(named, rest, asked_id)
    if not names.ids:
        return None
    if isinstance(usage := named.get("usage"), dict):
        named["usage"] = in_snake_case(usage)
    return _Draft(job, named, rest, NO_LEVELS if is_plain else read_levels(named)).finish(names)


def _has_own_metadata(job: dict[str, Any]) -> bool:
    """Whether the metadata of a job, if it has any, is the user's alone."""
    metadata = job.get("metadata")
    return metadata is None or (isinstance(metadata, dict) and PROVIDER_METADATA.isdisjoint(metadata))


class _Draft:
    """A video in the making: the fields read so far, and the rest of the job object to read the others from.

    `job` is the object with its keys in snake case. A job that has only keys of the reference format has no `levels`,
    and the readers skip what only others have.
    """

    __slots__ = ("is_plain", "job", "levels", "payload", "rest", "values")

    def __init__(self, payload: dict[str, Any], job: dict[str, Any], rest: Leftovers, levels: Levels) -> None:
        self.payload = payload
        self.job = job
        self.rest = rest
        self.levels = levels
        self.is_plain = levels is NO_LEVELS
        self.values: dict[str, Any] = {}

    def finish(self, names: Names) -> ParsedVideo:
        """The video with these names. The order counts: whether the job has ended decides what else may be read."""
        job, rest, values = self.job, self.rest, self.values
        self.read_status()
        if not self.is_plain or job.get("object") != "video":
            values["kind"] = self.read_kind()
        self.read_object()
        if not self.is_plain or find_url(job.get(REMIXED_FROM)):
            self.read_outputs()
        self.read_error()
        if not self.is_plain:
            self.read_reasons()
        if values["status"] == "unknown":
            self.infer_status()
            self.read_reasons()
        self.read_fields()
        self.read_size()
        self.read_lineage()
        if not self.is_plain:
            self.fill_gaps()
            self.read_parameters()
        if "metadata" in rest.keys:
            self.read_metadata()
        if values["status"] == "completed" and ("error_code" in values or "error_message" in values):
            rest.flaws.append("completed with an error")
        return ParsedVideo(
            names.ids[0],
            tuple(names.ids[1:]),
            extra=rest.rest(),
            payload=self.payload,
            flaws=tuple(rest.flaws),
            answered_id=names.answered_id,
            is_named=names.is_named,
            **values,
        )

    def read_status(self) -> None:
        key = "status" if self.is_plain else find_state_key(self.job)
        word = self.rest.take(key or "status", read_text)
        self.values["status"] = "unknown" if word is None else canonical_status(word)
        if word is not None:
            self.values["provider_status"] = word

    def infer_status(self) -> None:
        """The state of a job without a word for it that we know: by a flag, a word further in, or what has come of it.

        An address, an error or a time of completion tells that a job has ended, whatever word its server has for it. A
        server that says `unknown` may date its own look, so that its time tells nothing.
        """
        values = self.values
        has_failed = "error_code" in values or "error_message" in values
        has_outputs = bool(values.get("output_urls"))
        status = self.find_inner_status()
        if status is None or (status == "completed" and has_failed):
            ended = "failed" if has_failed else "completed" if self.has_end() else "unknown"
            status = "completed" if has_outputs else ended
        values["status"] = status

    def find_inner_status(self) -> str | None:
        """The state by a flag of the job, or by a word of its results; that of an operation that says nothing."""
        if self.is_plain:
            return None
        if flag := find_flag(self.job):
            self.rest.keys.pop(flag.key, None)
            has_outputs = flag.status != "completed" or self.values.get("output_urls")
            return flag.status if has_outputs or not filtered(self.levels.results) else "failed"
        for level in self.levels.results:
            key = find_state_key(level)
            if key is not None and (status := canonical_status(level[key])) != "unknown":
                self.values.setdefault("provider_status", level[key])
                return status
        return "in_progress" if is_operation(self.payload.get("name")) and "error" not in self.job else None

    def has_end(self) -> bool:
        word = self.values.get("provider_status")
        if word is not None and is_understood(word):
            return False
        return any(readable(self.job.get(key), COMPLETED.read) for key in COMPLETED.keys)

    def read_object(self) -> None:
        keys = self.rest.keys
        name = keys.pop("object", None)
        if name is not None and type(name) is not str:
            self.rest.flaws.append("object could not be read")
        if is_delete_answer(name, keys.get("deleted")) and "provider_status" not in self.values:
            self.values["status"] = "deleted"
            if keys.get("deleted") is True:
                del keys["deleted"]

    def read_kind(self) -> str:
        word = self.rest.keys.get("type")
        if type(word) is str and word in KINDS:
            del self.rest.keys["type"]
        if any(_says_image(mark) for path in IMAGE_MARKS for mark in follow(self.job, path)):
            return "image"
        result = self.job.get("result")
        return "image" if isinstance(result, dict) and result.get("images") and not result.get("videos") else "video"

    def read_outputs(self) -> None:
        urls, keys = read_outputs(self.job)
        self.values["output_urls"] = urls
        for key in keys:
            self.rest.keys.pop(key, None)

    def read_fields(self) -> None:
        keys, values = self.rest.keys, self.values
        has_ended = values["status"] in TERMINAL_STATUSES
        for field, key, read in self.list_keys(has_ended=has_ended):
            if field in values:
                continue
            raw = keys.pop(key, None)  # `rest.take` written out: most of the parser's time goes by here
            if raw is None:
                continue
            try:
                value = read(raw)
            except ValueError:
                self.rest.refuse(key, raw)
            else:
                if value is not None:
                    values[field] = value
        if not has_ended:
            self.drop_null_end()

    def list_keys(self, *, has_ended: bool) -> Iterable[Key]:
        if not has_ended:
            return RUNNING_KEYS
        return REFERENCE_KEYS if self.is_plain else KEYS

    def drop_null_end(self) -> None:
        """Leave a null time of completion out of `extra`; a running job that has one keeps it there, unread."""
        for key in COMPLETED.keys:
            if self.rest.keys.get(key, ...) is None:
                del self.rest.keys[key]

    def fill_gaps(self) -> None:
        """Fill what the job's own level leaves open: from its exact paths, its results, the request that it echoes."""
        values = self.values
        has_ended = values["status"] in TERMINAL_STATUSES
        for lookup in LOOKUPS:
            if lookup.paths and lookup.field not in values:
                self.fill(lookup.field, (raw for path in lookup.paths for raw in follow(self.job, path)), lookup.read)
        inner = INNER_LOOKUPS if has_ended else [lookup for lookup in INNER_LOOKUPS if lookup is not COMPLETED]
        self.fill_from(self.levels.results, inner)
        self.fill_from(self.levels.requests, REQUEST_LOOKUPS)
        if "prompt" not in values:
            self.fill("prompt", texts_at(self.levels.requests, REQUEST_TEXTS), read_text)
        if "prompt" not in values and "attachments" in self.job:
            self.fill("prompt", texts_at([self.job], POST_TEXTS), read_text)
        self.fill_from([{"model": model_of(self.payload.get("name"))}], [MODEL])

    def fill_from(self, levels: Sequence[Mapping[str, Any]], lookups: Iterable[Lookup]) -> None:
        for lookup in lookups if levels else ():
            if lookup.field not in self.values:
                self.fill(lookup.field, (level.get(key) for level in levels for key in lookup.keys), lookup.read)

    def fill(self, field: str, raws: Iterable[Any], read: Callable[[object], Any]) -> None:
        value = next((value for value in (readable(raw, read) for raw in raws) if value is not None), None)
        if value is not None:
            self.values[field] = value

    def read_size(self) -> None:
        text = self.rest.take("size", read_text)
        if text is not None and self.keep_size(text):
            return
        for side in ("width", "height"):
            pixels = self.rest.take(side, read_pixels)
            if pixels is not None:
                self.values[side] = pixels
        if self.is_plain:
            return
        if text is None and (resolution := self.rest.take("resolution", read_text)):
            self.keep_size(resolution)
        self.fill_size()

    def keep_size(self, text: str) -> bool:
        """Keep a size, and return whether it is a frame."""
        frame = read_frame(text)
        if frame is None:
            self.values["size_text"] = text
            return False
        self.values["width"], self.values["height"] = frame
        return True

    def fill_size(self) -> None:
        """Fill the frame, else the name of a size, from what is inside the job."""
        if "width" in self.values or "height" in self.values:
            return
        usage = self.job.get("usage")
        inner = [*self.levels.results, *([usage] if isinstance(usage, dict) else ()), *self.levels.requests]
        frame, name = find_size(self.job, inner)
        if frame is not None:
            self.values["width"], self.values["height"] = frame
        elif name is not None:
            self.values.setdefault("size_text", name)

    def read_error(self) -> None:
        raw = self.rest.keys.pop("error", None)
        code, message = (None, None) if raw is None else self.open_error(raw)
        self.keep_error(code, message)

    def keep_error(self, code: str | None, message: str | None) -> None:
        if code is not None and not (code == "0" and message is None):
            self.values.setdefault("error_code", code)
        if message is not None:
            self.values.setdefault("error_message", message)

    def read_reasons(self) -> None:
        """Fill why the job failed: from its own level, then from the answers inside, then from what filtered it."""
        may_be_soft = self.values["status"] in _UNSUCCESSFUL
        own = find_reason(self.job, may_be_soft=may_be_soft)
        self.keep_error(own.code, own.message)
        for key in own.keys:
            if self.job[key] in (self.values.get("error_code"), self.values.get("error_message")):
                self.rest.keys.pop(key, None)
        for inner in list_reasons(self.job, self.levels.results) if may_be_soft else ():
            self.keep_error(inner.code, inner.message)
        if "error_message" not in self.values:
            self.keep_error(None, find_message(self.job, self.values["status"]))

    def open_error(self, raw: object) -> tuple[str | None, str | None]:
        """Code and message of an error, an object or a text; what else it holds goes back to the rest."""
        rest = self.rest
        if isinstance(raw, dict):
            error = Leftovers(raw, rest.flaws, "error")
            code, message = error.take("code", read_scalar_text), error.take("message", read_scalar_text)
            if error.keys:
                rest.keys["error"] = error.keys
            return code, message
        if type(raw) is str:
            return None, read_text(raw)
        rest.refuse("error", raw)
        return None, None

    def read_lineage(self) -> None:
        text = self.rest.take(REMIXED_FROM, read_text)
        others = [] if self.is_plain else [raw for path in PARENTS for raw in follow(self.job, path)]
        parents = (raw_id(raw) for raw in (text, *others) if type(raw) is str)
        parent = next((parent for parent in parents if parent and find_url(parent) is None), None)
        if parent is not None:
            self.values["remixed_from_id"] = parent

    def read_parameters(self) -> None:
        """The parameters of the echoed request, and those on the job's own level, which leave it."""
        own = known_parameters(self.job)
        for key in own:
            self.rest.keys.pop(key, None)
        parameters = read_parameters(self.levels.requests) | own
        if parameters:
            self.values["parameters"] = parameters
        echoed = self.rest.keys.get(_PARAMETERS)
        if isinstance(echoed, dict) and all(parameters.get(key) is value for key, value in echoed.items()):
            del self.rest.keys[_PARAMETERS]

    def read_metadata(self) -> None:
        raw = self.rest.keys.pop("metadata")
        if raw is None:
            return
        if not isinstance(raw, dict):
            self.rest.refuse("metadata", raw)
            return
        if _GOOGLE_TYPE in raw:
            self.rest.keys["metadata"] = raw
            return
        own = {
            key: value
            for key, value in raw.items()
            if isinstance(value, str | int | float) and key not in PROVIDER_METADATA
        }
        self.values["metadata"] = own
        others = {key: value for key, value in raw.items() if key not in own}
        if others:
            self.rest.keys["metadata"] = others


def is_delete_answer(name: object, deleted: object) -> bool:
    """Whether `object` and `deleted` mean that the job was deleted; an explicit `deleted: false` means it was not."""
    return deleted is True or (name == "video.deleted" and deleted is not False)


def _says_image(mark: object) -> bool:
    return type(mark) is str and mark.partition("/")[0].partition(".")[0] == "image"


def poll_after(job: dict[str, Any]) -> float | None:
    """Seconds to wait before asking again, where the body says so: its polling interval, else its error's headers."""
    headers = error_headers(job)
    waits = (
        (job.get("polling_interval_seconds"), 1),
        (headers.get("retry-after-ms"), 1000),
        (headers.get("retry-after"), 1),
    )
    for raw, per_second in waits:
        wait = readable(raw, read_number)
        if wait is not None and wait >= 0:
            return wait / per_second
    return None
