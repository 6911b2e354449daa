"""What a prompt arrives wrapped in and does not say: code fences, quotes around all of it, the escapes of a literal.

Editors, chats and programs hand prompts on inside their own marks. Unwrapping blanks those marks in place, so that
every offset in the unwrapped text is an offset in the prompt.
"""

from __future__ import annotations

import re

from catalog.prompts.structured import read_code

_FENCE = re.compile(
    r"(?P<mark>`{3,}|~{3,})(?:[ \t]*[\w+.#-]{1,20}(?=[ \t]*\r?\n)"
    r"|[ \t]?(?:json[5lc]?|python|py|ya?ml|te?xt|text|plaintext|markdown|md|prompt|xml|toml|javascript|js)\b)?",
    re.IGNORECASE,
)
_PAIRS = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“", "”": "”", "‘": "’", "«": "»", "「": "」", "『": "』"}
_MAX_LAYERS = 3
_ESCAPE = re.compile(r"\\(?:\\\\)*(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED_DOCUMENT = re.compile(r'\s*[\[{]\s*\\"')
_LITERAL_BREAK = re.compile(r"\\[nrt]")


def unwrap(prompt: str) -> str:
    """The prompt with its wrapping blanked, character for character as long as before."""
    text = prompt
    if "```" in text or "~~~" in text:
        text = _FENCE.sub(_blank, text)
    for _ in range(_MAX_LAYERS):
        start, end = _inside(text)
        if not _is_quoted(text, start, end):
            break
        is_literal = text[start] in "\"'" and "\\" in text
        text = f"{text[:start]} {text[start + 1 : end - 1]} {text[end:]}"
        text = _ESCAPE.sub(_resolve, text) if is_literal else text
    if "\\" not in text:
        return text
    if _ESCAPED_DOCUMENT.match(text):
        return _ESCAPE.sub(_resolve, text)
    return text if "\n" in text or "{" in text else _LITERAL_BREAK.sub(" \n", text)


def _inside(text: str) -> tuple[int, int]:
    """Where the text starts and ends, blanks left out."""
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Whether one pair of quotes holds the whole text: what is quoted inside it opens before it closes."""
    opener = text[start : start + 1]
    closer = _PAIRS.get(opener)
    if closer is None or end - start < 3 or text[end - 1] != closer:
        return False
    inner = text.find(closer, start + 1, end - 1)
    while inner > 0 and (text[inner - 1] == "\\" or _is_apostrophe(text, inner)):
        inner = text.find(closer, inner + 1, end - 1)
    if inner < 0:
        return True
    if opener != closer:
        return 0 < text.find(opener, start + 1, end - 1) < inner
    return text[inner - 1].isspace() and not text[inner + 1].isspace()


def _is_apostrophe(text: str, offset: int) -> bool:
    return text[offset] in "'’" and text[offset - 1].isalpha() and text[offset + 1 : offset + 2].isalpha()


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _resolve(match: re.Match[str]) -> str:
    """One level of escaping taken off, padded to the length it had: `\\"` is a quote, `\\\\\\"` an escaped one."""
    escape = match[0]
    body = escape.lstrip("\\")
    slashes = len(escape) - len(body)
    if not body:  # nothing but backslashes at the end
        return escape
    if slashes > 1:
        return ("\\" * (slashes // 2) + body).rjust(len(escape))
    if body[0] in "uxU" and len(body) > 1:
        return read_code(body[1:]).ljust(len(escape))
    return " \n" if body in ("n", "r", "t") else " " + body
