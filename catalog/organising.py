"""What people may write of videos: ratings, verdicts, notes, paths of collections, names of saved searches. Pure.

Every function raises CatalogError, with one line, for what cannot be.
"""

from __future__ import annotations

import unicodedata
from itertools import accumulate

from catalog.controls import plain
from catalog.errors import CatalogError
from catalog.rows import encodable

BEST = 5
VERDICTS = ("keep", "reject", "undecided")
LONGEST_NAME = 200  # characters of a level, or of the name of a saved search
DEEPEST = 20  # levels
LONGEST_NOTE = 64 * 1024  # bytes of UTF-8, of a note or of a query that is saved
_SHOWN = 40  # characters
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})  # categories of characters that show nothing


def read_rating(rating: object) -> int | None:
    """A whole number from 1 to 5, None for 0, which takes a rating off; also from text."""
    number = rating
    if isinstance(rating, str) and rating.strip().isascii() and rating.strip().isdigit() and len(rating) < _SHOWN:
        number = int(rating)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= BEST:
        raise CatalogError(f"a rating is a whole number from 0 to {BEST}, and 0 takes it off, not {_shown(rating)}")
    return number or None


def read_verdict(verdict: object) -> str | None:
    """`keep` or `reject`, None for `undecided`."""
    word = verdict.strip().lower() if isinstance(verdict, str) else verdict
    if word not in VERDICTS:
        raise CatalogError(f"a verdict is {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}, not {_shown(verdict)}")
    return None if word == VERDICTS[-1] else str(word)


def read_note(note: object) -> str | None:
    """A text of at most LONGEST_NOTE bytes, None where it holds nothing but blanks."""
    if not isinstance(note, str):
        raise CatalogError(f"a note is text, not {type(note).__name__}")
    text = _read_text(note, "a note")
    return text if text.strip() else None


def read_path(path: object) -> str:
    """The path of a collection, its levels without blanks around them."""
    if not isinstance(path, str):
        raise CatalogError(f"the path of a collection is text, not {type(path).__name__}")
    levels = path.split("/")
    if len(levels) > 1 and not all(map(str.strip, levels)):
        raise CatalogError(f"{_shown(path)} has an empty level: between slashes stand names, as in launch/teasers")
    what = "a level of a collection" if len(levels) > 1 else "a collection"
    levels = [read_name(level, what) for level in levels]
    if len(levels) > DEEPEST:
        raise CatalogError(f"collections have at most {DEEPEST} levels, and {_shown(path)} has {len(levels)}")
    return "/".join(levels)


def read_name(name: object, what: str) -> str:
    """A name that can be shown and typed, without blanks around it; `what` says what it names."""
    if not isinstance(name, str):
        raise CatalogError(f"the name of {what} is text, not {type(name).__name__}")
    text = unicodedata.normalize("NFC", name.strip())
    if all(unicodedata.category(char) in _UNSEEN for char in text):
        raise CatalogError(f"{what} needs a name: {_shown(name)} is empty")
    if len(text) > LONGEST_NAME:
        raise CatalogError(f"{what} has at most {LONGEST_NAME} characters, and {_shown(text)} has {len(text):,}")
    if plain(name) != name:
        raise CatalogError(f"{what} holds no control characters or changes of direction, as {_shown(name)} does")
    return text


def read_query(query: object) -> str:
    """The text of a query to be saved."""
    if not isinstance(query, str):
        raise CatalogError(f"a query is text, not {type(query).__name__}")
    return _read_text(query, "a query that is saved").strip()


def list_levels(path: str) -> list[str]:
    """The collection and those above it, the uppermost first: `a`, `a/b`, `a/b/c`."""
    return list(accumulate(path.split("/"), "{}/{}".format))


def _read_text(text: str, what: str) -> str:
    """A text as the library can keep it; raises CatalogError for one that is too long."""
    kept = encodable(text).replace("\x00", "")
    size = len(kept.encode())
    if size > LONGEST_NOTE:
        raise CatalogError(f"{what} is at most {LONGEST_NOTE // 1024} KiB of text, and this one has {size:,} bytes")
    return kept


def _shown(value: object) -> str:
    text = plain(value) if isinstance(value, str) else repr(value)
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'
