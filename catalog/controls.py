"""The characters that a screen obeys instead of showing them, and what stands in their place.

Prompts, ids and error messages come from strangers: an escape sequence moves the cursor, an override of direction shows
a name backwards. Whoever shows or writes a text for people takes them out here.
"""

from __future__ import annotations

import re

# Controls of the second set, marks and overrides of direction, separators of lines, halves of surrogate pairs.
_OBEYED = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_IN_JSON = re.compile(f"[{_OBEYED}]")
_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_OBEYED}]")
_IN_TEXT = re.compile(f"[\x00-\x1f{_OBEYED}]")
_BLANKS = "\t\n\r\u2028\u2029"


def plain(text: object) -> str:
    """The text on one line, without anything that a screen obeys: blanks for line ends, `\\x1b` for an escape."""
    return _IN_TEXT.sub(lambda match: " " if match[0] in _BLANKS else _escape(match[0]), str(text))


def plain_lines(text: str) -> str:
    """The text with its lines and tabs, and without anything else that a screen obeys."""
    return _IN_LINES.sub(lambda match: "\n" if match[0] in _BLANKS else _escape(match[0]), text.replace("\r\n", "\n"))


def plain_json(text: str) -> str:
    """JSON that means the same, with all that a screen obeys written as `\\u202e`."""
    return _IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(char: str) -> str:
    """A character as one writes it; a byte of a file's name that is not UTF-8 as that byte."""
    code = ord(char) - 0xDC00 if 0xDC80 <= ord(char) <= 0xDCFF else ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
