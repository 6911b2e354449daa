"""How texts are compared without the index of words: without regard to ASCII case, whole or as a beginning."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.search.query import Value

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # as NOCASE and LIKE compare


def accept_texts(values: Iterable[Value], read: Callable[[str], str] = str) -> Callable[[str], bool]:
    """Whether a text is one of the values, or begins with one that is a beginning, without regard to ASCII case."""
    texts = [(read(value.text).translate(_LOWER), value.is_prefix) for value in values]
    whole = {text for text, is_prefix in texts if not is_prefix}
    beginnings = tuple(text for text, is_prefix in texts if is_prefix)

    def accepts(text: str) -> bool:
        lower = text.translate(_LOWER)
        return lower in whole or lower.startswith(beginnings)

    return accepts
