"""What stands for a video in a list: its prompt in words, and a name short enough for a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.cli import render
from catalog.cli.fitting import measure
from catalog.prompts import LONGEST_READ

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.api import Catalog
    from catalog.records import Video

_MARKED = re.compile(r"\[([^\[\]\"]+)\]")  # a word that matched, in a snippet


def read_prompt(prompt: str | None, snippet: str | None = None) -> str:
    """The prompt on one line, JSON in it as words; with a snippet, what matched stands between `[` and `]`."""
    prompt = (prompt or "")[:LONGEST_READ]
    words = _as_words(prompt)
    if snippet:
        words = snippet if words == prompt else _mark(words, _MARKED.findall(snippet))
    return " ".join(words.split())


def name_video(video: Video, snippet: str | None = None) -> str:
    """What stands for a video on one line: its prompt, else what went wrong, else the name of its file."""
    label = read_prompt(video.prompt, snippet) or " ".join((video.error_message or "").split())
    return label or render.plain(video.file_name or "") or "(no prompt)"


def start_at_match(text: str, width: int) -> str:
    """The text, begun later where its first match would not be seen in `width` columns."""
    match = _MARKED.search(text)
    if match is None or measure(text[: match.end()]) < width:
        return text
    return f"…{text[max(0, match.start() - width // 4) :].lstrip('…')}"


def shorten_refs(catalog: Catalog, refs: Iterable[str]) -> dict[str, str]:
    """How to write each ref: on a terminal the shortest beginning that every command accepts, in a pipe the whole."""
    wanted = list(dict.fromkeys(refs))
    names = catalog.shorten(wanted) if render.is_terminal() else {ref: ref for ref in wanted}
    return {ref: render.plain(name) for ref, name in names.items()}


def _as_words(prompt: str) -> str:
    if "{" not in prompt and "[" not in prompt:  # no JSON in it, so its reader need not be loaded
        return prompt
    from catalog.prompts.structured import as_words

    return as_words(prompt)


def _mark(text: str, matches: Iterable[str]) -> str:
    """The text with each match between `[` and `]`: whole words, except in scripts that write no blanks."""
    longest_first = sorted(set(matches), key=len, reverse=True)
    if not longest_first:
        return text
    edged = (rf"(?<!\w){re.escape(match)}(?!\w)" if match.isascii() else re.escape(match) for match in longest_first)
    return re.sub("|".join(edged), lambda match: f"[{match[0]}]", text)
