"""What a prompt asks for, as facts: shot size, lens, light, mood, subject …, each pointing at the words it comes from.

    >>> from catalog.prompts import extract
    >>> [(facet.name, facet.value) for facet in extract("Slow push in on a red door at dusk.").facets]

Pure functions over one vocabulary file; nothing is loaded before the first prompt is read. Only `cache` touches a disk:
it keeps the compiled vocabulary in the user's cache folder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catalog.prompts.diff import PromptDiff, diff_prompts
    from catalog.prompts.extraction import Extraction, extract, extract_facets
    from catalog.prompts.speech import Line
    from catalog.prompts.vocabulary import Vocabulary, load

LONGEST_READ = 64_000  # characters of a prompt that are read; the longest that a server takes has 32,000

__all__ = [
    "LONGEST_READ",
    "Extraction",
    "Line",
    "PromptDiff",
    "Vocabulary",
    "diff_prompts",
    "extract",
    "extract_facets",
    "load",
]

_HOMES = {
    "Extraction": "extraction",
    "extract": "extraction",
    "extract_facets": "extraction",
    "Line": "speech",
    "PromptDiff": "diff",
    "diff_prompts": "diff",
    "Vocabulary": "vocabulary",
    "load": "vocabulary",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
