"""The parameters that A1111's web interface and its kin write: prompts, then a line of settings."""

from __future__ import annotations

import re

from .documents import mend
from .graphs import MOST_TEXT, Generation, read_seed

_SETTINGS = re.compile(r"(?:\A|\n)[ \t]*Steps: *\d+,[^\n]*?\b(?:Sampler|CFG scale|Seed|Size|Model): ")
_NEGATIVE = re.compile(r"(?:\A|\n)[ \t]*Negative prompt:")
_SETTING = re.compile(r'([A-Z][\w /-]{0,40}+): *("(?:[^"\\]|\\.)*+"|[^,\n]*+)')
_MOST_SETTINGS = 100_000  # characters


def is_parameters(text: str) -> bool:
    """Whether a text has the line that such programs put behind the prompts."""
    return _SETTINGS.search(text) is not None


def read_parameters(text: str) -> Generation:
    """What the parameters say; nothing where their line of settings is missing."""
    settings_at = -1
    for match in _SETTINGS.finditer(text):  # the last counts: a prompt may have such a line too
        settings_at = match.start()
    if settings_at < 0:
        return Generation()
    settings: dict[str, str] = {}
    for match in _SETTING.finditer(text, settings_at, settings_at + _MOST_SETTINGS):
        settings.setdefault(match[1], match[2].strip().strip('"'))
    prompts = text[:settings_at]
    negative = _NEGATIVE.search(prompts)
    return Generation(
        _tidy(prompts[: negative.start()] if negative else prompts),
        _tidy(prompts[negative.end() :]) if negative else None,
        _tidy(settings.get("Model", "")),
        read_seed(settings.get("Seed")),
    )


def _tidy(text: str) -> str | None:
    return mend(text.strip())[:MOST_TEXT] or None
