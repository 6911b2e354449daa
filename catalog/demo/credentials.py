"""What the Content Credentials of a sample job say: its generator and model, what was done, and what it was made from.

Pure: a manifest as c2pa takes it, from the job alone. The generators are named as the models are; whoever signs is a
sample, and says so.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.demo.gateway.jobs import Job, Kind

MEDIA_TYPES = {"video": "video/mp4", "image": "image/png"}
PARENT, INPUT = "parentOf", "inputTo"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
WATERMARK = "com.example.sample-watermark.1"
WATERMARKED = frozenset({"Veo", "Imagen"})  # generators whose makers say that they mark what they make
LONGEST_TEXT = 200  # characters of a text that came with a request
_FAMILY = re.compile(r"[a-z]+", re.IGNORECASE)


def name_generator(model: str) -> tuple[str, str]:
    """The family of a model and the rest of its name, as a program and its version: `sora-2-pro` is Sora 2-pro."""
    match = _FAMILY.match(model)
    if match is None:
        return "Sample generator", model
    return match[0].capitalize(), model[match.end() :].lstrip("-_ ")


def describe(job: Job, ingredients: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The manifest of a job's clip or picture; `ingredients` are those that it will have, as `describe_*` made them."""
    model = _shorten(job.model)
    name, version = name_generator(model)
    assertions = [
        {"label": "c2pa.actions", "data": {"actions": list(_list_actions(job, name, model, ingredients))}},
        {
            "label": "c2pa.ai-disclosure",
            "data": {
                "modelType": "c2pa.types.model",
                "modelName": model,
                "modelIdentifier": f"urn:example:model:{model}",
                "contentProfile": {"humanOversightLevel": "prompt-guided"},
            },
        },
    ]
    if name in WATERMARKED:
        blocks = [{"scope": {}, "value": hashlib.blake2b(job.id.encode(), digest_size=8).hexdigest()}]
        assertions.append({"label": "c2pa.soft-binding", "data": {"alg": WATERMARK, "blocks": blocks}})
    return {
        "claim_generator_info": [{"name": name, **({"version": version} if version else {})}],
        "title": _title(job.id, MEDIA_TYPES[job.kind]),
        "instance_id": _instance(job.id),
        "assertions": assertions,
    }


def describe_parent(job_id: str, kind: Kind = "video") -> dict[str, Any]:
    """The clip or picture of a job, as an ingredient of what was made from it."""
    media_type = MEDIA_TYPES[kind]
    return {
        "title": _title(job_id, media_type),
        "format": media_type,
        "instance_id": _instance(job_id),
        "relationship": PARENT,
        "label": PARENT,
    }


def describe_upload(name: str, file_format: str) -> dict[str, Any]:
    """The file that came with a request, as an ingredient: the clip to work on, or a picture to go by."""
    relationship = INPUT if file_format.startswith("image/") else PARENT
    return {
        "title": _shorten(name),
        "format": _shorten(file_format),
        "relationship": relationship,
        "label": relationship,
    }


def _list_actions(
    job: Job, generator: str, model: str, ingredients: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Created from a prompt, or where there is a parent to name, opened and edited."""
    labels = [each["label"] for each in ingredients]
    has_parent = PARENT in labels
    made: dict[str, Any] = {
        "action": "c2pa.edited" if has_parent else "c2pa.created",
        "when": datetime.fromtimestamp(job.ends_at, UTC).isoformat(),
        "description": f"{'Edited by' if has_parent else 'Generated from'} a prompt, by a sample of a generator.",
        "digitalSourceType": SOURCE_TYPE,
        "softwareAgent": {"name": generator},
        "parameters": {"model_name": model},
    }
    if INPUT in labels:
        made["parameters"]["ingredientIds"] = [INPUT]
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [PARENT]}}
    return [opened, made] if has_parent else [made]


def _title(job_id: str, media_type: str) -> str:
    """As generators write it: 32 hexadecimal digits, which are not the job's id."""
    name = hashlib.blake2b(job_id.encode(), digest_size=16).hexdigest()
    return f"{name}_media.{media_type.partition('/')[2]}"


def _instance(job_id: str) -> str:
    return f"xmp:iid:{uuid5(NAMESPACE_URL, f'urn:example:job:{job_id}')}"


def _shorten(text: str) -> str:
    """What fits into a manifest of a text from anywhere: all of it may be 1 MB, and none of it half a character."""
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode("utf-8")
