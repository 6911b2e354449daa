"""The generation parameters of a job that are not fields of their own: guidance, steps, frames a second. Pure.

A request that an answer echoes is made of them, so each of its plain values is one. On the job's own level, where
anything may stand, only those that are known as parameters are. Names are in snake case, values as sent.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from catalog.wire.fields import LOOKUPS
from catalog.wire.ids import NAME_KEYS
from catalog.wire.sizes import SIZE_KEYS
from catalog.wire.states import STATE_KEYS
from catalog.wire.values import find_url
from catalog.wire.words import words, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_PARAMETERS = 64  # of one job
_LONGEST = 200  # characters of a text

KNOWN = words(
    "aspect_ratio audio_setting camera_fixed camera_motion cfg cfg_scale clip_skip enable_audio enhance_prompt "
    "enable_prompt_expansion enable_prompt_optimizer flow_shift fps frame_rate frames frames_per_second framerate "
    "framespersecond generate_audio guidance guidance_scale guidance_scale_2 loop mode motion_bucket_id motion_mode "
    "motion_strength movement_amplitude n_frames n_variants num_frames num_inference_steps num_outputs orientation "
    "person_generation prompt_extend prompt_optimizer ratio sample_steps sampler sampler_name scheduler shift steps "
    "strength style watermark"
)
_FIELDS = {key for lookup in LOOKUPS for key in lookup.keys} | {*SIZE_KEYS, *NAME_KEYS, *STATE_KEYS}
_NOT_PARAMETERS = words(
    "id ids url urls uri prompt text caption image images video videos user username callback webhook key token secret "
    "password authorization file path model type object metadata message input name title version b64 base64"
)
_SETTINGS = words("prompt_extend prompt_optimizer enhance_prompt enable_prompt_expansion enable_prompt_optimizer")


def read_parameters(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters of the objects of a request, their keys in snake case; of two of one name the nearest counts."""
    parameters: dict[str, Any] = {}
    for level in requests:
        for key in sorted(level):
            if _may_be_one(key) and _is_plain(level[key]) and len(parameters) < MAX_PARAMETERS:
                parameters.setdefault(key, level[key])
    return parameters


def known_parameters(job: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an object, its keys in snake case, that are known as parameters."""
    return {key: job[key] for key in sorted(KNOWN & job.keys()) if _is_plain(job[key])}


def _may_be_one(key: str) -> bool:
    return key in _SETTINGS or (key not in _FIELDS and words_of(key).isdisjoint(_NOT_PARAMETERS))


def _is_plain(value: object) -> bool:
    if type(value) is str:
        return 0 < len(value) <= _LONGEST and not value.isspace() and value[0] not in "{[" and find_url(value) is None
    return type(value) in {bool, int} or (type(value) is float and math.isfinite(value))
