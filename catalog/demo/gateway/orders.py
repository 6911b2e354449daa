"""What a request orders: its parameters, checked as the servers check them, made into a job."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.demo.gateway.bodies import Upload
from catalog.demo.gateway.problems import Problem, invalid, missing, not_found
from catalog.demo.sample import MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.demo.gateway.dialects import Dialect
    from catalog.demo.gateway.jobs import Job, Jobs

    Params = Mapping[str, Any]

LONGEST_PROMPT = 32_000
LONGEST_EXTENSION = 120
MOST_CHARACTERS = 2
KNOWN_MODELS = frozenset(
    (*(model.name for model in MODELS), "sora-2-2025-10-06", "sora-2-2025-12-08", "sora-2-pro-2025-10-06")
)
KNOWN_SECONDS = ("4", "5", "8", "10", "12", "16", "20")
KNOWN_SIZES = tuple(dict.fromkeys((*(size for model in MODELS for size in model.sizes), "1080x1920")))
SIZE_OF_RATIO = {"16:9": "1280x720", "9:16": "720x1280", "1:1": "960x960"}
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")


class Order(NamedTuple):
    """What is ordered, in the fields of a job."""

    prompt: str
    model: str
    seconds: str
    size: str
    metadata: Mapping[str, str] | None = None
    remixed_from: str | None = None
    made_from: str | None = None
    upload: Upload | None = None


def read_creation(params: Params, row: Dialect, jobs: Jobs) -> Order:
    """A new video; raises Problem, which names the faulty parameter."""
    size = str(params.get("size") or SIZE_OF_RATIO.get(str(params.get("aspect_ratio")), "720x1280"))
    reference = params.get("input_reference")
    order = Order(
        prompt=_prompt(params),
        model=str(params.get("model") or "sora-2"),
        seconds=str(params.get("seconds") or params.get("duration") or "4"),
        size=size,
        metadata=_metadata(params),
        upload=reference if isinstance(reference, Upload) else None,
    )
    if row.is_strict:
        _check_known("model", order.model, KNOWN_MODELS)
        _check_known("seconds", order.seconds, KNOWN_SECONDS)
        _check_known("size", order.size, KNOWN_SIZES)
    _check_characters(params.get("characters"), jobs)
    _check_reference(reference, size)
    return order


def read_remix(params: Params, source: Job) -> Order:
    """A remix of `source`: the only order whose answers name their source."""
    return _order_like(source, _prompt(params))._replace(remixed_from=source.id)


def read_edit(params: Params, row: Dialect, jobs: Jobs) -> Order:
    """An edit of a finished video or of an uploaded one."""
    prompt = _prompt(params)
    return _order_from(_source(params, row, jobs), prompt, "4")


def read_extension(params: Params, row: Dialect, jobs: Jobs) -> Order:
    """A video that continues another; its seconds are those of both together."""
    prompt = _prompt(params)
    more = str(params.get("seconds") or "")
    if not more:
        raise missing("seconds")
    _check_known("seconds", more, KNOWN_SECONDS)
    source = _source(params, row, jobs)
    if isinstance(source, Upload):
        return _order_from(source, prompt, more)
    total = int(source.seconds) + int(more)
    if total > LONGEST_EXTENSION:
        raise invalid("seconds", more, f"a total of at most {LONGEST_EXTENSION} seconds, not {total}")
    return _order_from(source, prompt, more)._replace(seconds=str(total))


def read_character(params: Params) -> str:
    """The name of a new character, which comes with a clip."""
    name = params.get("name")
    if not name:
        raise missing("name")
    if not isinstance(name, str) or len(name) > 80:
        raise invalid("name", name, "1 to 80 characters")
    if not isinstance(params.get("video"), Upload):
        raise missing("video")
    return name


def _prompt(params: Params) -> str:
    prompt = params.get("prompt")
    if prompt is None or prompt == "":
        raise missing("prompt")
    if not isinstance(prompt, str):
        raise invalid("prompt", prompt, "a string", "invalid_type")
    if len(prompt) > LONGEST_PROMPT:
        raise invalid("prompt", prompt, f"a string of at most {LONGEST_PROMPT} characters", "string_above_max_length")
    return prompt


def _metadata(params: Params) -> dict[str, str] | None:
    metadata = params.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise invalid("metadata", metadata, "an object", "invalid_type")
    return {name: value for name, value in metadata.items() if isinstance(value, str)} or None


def _check_known(name: str, value: str, allowed: tuple[str, ...] | frozenset[str]) -> None:
    if value not in allowed:
        raise invalid(name, value, f"one of {', '.join(sorted(allowed))}")


def _check_characters(characters: object, jobs: Jobs) -> None:
    if characters is None:
        return
    if not isinstance(characters, list) or len(characters) > MOST_CHARACTERS:
        raise invalid("characters", characters, f"a list of at most {MOST_CHARACTERS} objects")
    for entry in characters:
        character_id = entry.get("id") if isinstance(entry, dict) else entry
        if character_id not in jobs.characters:
            raise Problem(400, f"Character with id '{character_id}' not found.", "characters", "character_not_found")


def _check_reference(reference: object, size: str) -> None:
    if not isinstance(reference, Upload):
        return
    if reference.content_type not in IMAGE_TYPES:
        raise invalid("input_reference", reference.content_type, f"one of {', '.join(IMAGE_TYPES)}")
    from PIL import Image, UnidentifiedImageError

    try:
        width, height = Image.open(io.BytesIO(reference.data)).size
    except (UnidentifiedImageError, OSError) as error:
        raise invalid("input_reference", reference.name, "a readable image") from error
    if f"{width}x{height}" != size:
        raise invalid("input_reference", f"{width}x{height}", f"an image of the requested width and height, {size}")


def _source(params: Params, row: Dialect, jobs: Jobs) -> Job | Upload:
    """The video to work on: a finished one or an uploaded one."""
    video = params.get("video")
    if isinstance(video, Upload):
        return video
    source_id = video.get("id") if isinstance(video, dict) else None
    if not isinstance(source_id, str):
        raise missing("video")
    return finished(row.read_id(source_id), jobs)


def finished(video_id: str, jobs: Jobs) -> Job:
    """The completed job with this id."""
    job = jobs.find(video_id)
    if job is None:
        raise not_found(video_id)
    if job.at(jobs.clock()).status != "completed":
        raise Problem(400, f"Video '{video_id}' is not completed yet.", "video", "video_not_completed")
    return job


def _order_from(source: Job | Upload, prompt: str, seconds: str) -> Order:
    """An edit of a video: like the job that made it; of an uploaded one, so many seconds long."""
    if isinstance(source, Upload):
        return Order(prompt, "sora-2", seconds, "720x1280", upload=source)
    return _order_like(source, prompt)._replace(made_from=source.id)


def _order_like(source: Job, prompt: str) -> Order:
    return Order(prompt, source.model, source.seconds, source.size, source.metadata)
