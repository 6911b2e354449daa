"""What prompts ask for as fields of the language: `camera_movement:push_in`, `subject:fox`.

`effective.camera_movement:push_in` finds what a prompt asks for and what a remix inherits too.

Values of controlled facets, and of a user's own, are compared whole; case, blanks, hyphens and underscores do not
matter, and a broad value finds the narrower ones. Values of open facets are phrases, which are searched for words in a
row. The vocabulary is not loaded here: a search from the shell is a fresh process, and the vocabulary is large.
"""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any

from catalog import letters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.database import Reader
    from catalog.search.query import Value

CONTROLLED = (
    "shot_size", "camera_angle", "camera_movement", "lens", "focus", "lighting", "palette", "color", "style", "mood",
    "weather", "time_of_day", "season", "speed", "audio",
)  # fmt: skip

NARROWER = {
    "animation": (
        "animation_2d", "animation_3d", "anime", "ink_wash", "motion_graphics", "papercraft", "pixel_art",
        "stop_motion", "watercolor",
    ),
    "film_look": ("film_16mm", "film_35mm", "film_70mm", "film_8mm"),
    "pan": ("pan_left", "pan_right", "whip_pan"),
    "tilt": ("tilt_down", "tilt_up"),
    "zoom": ("dolly_zoom", "zoom_in", "zoom_out"),
    "dolly": ("dolly_zoom", "pull_out", "push_in", "truck", "truck_left", "truck_right"),
    "truck": ("truck_left", "truck_right"),
    "crane": ("crane_down", "crane_up"),
    "shake": ("handheld",),
    "monochrome": ("black_and_white",),
    "day": ("afternoon", "midday", "morning"),
    "vintage": ("archival", "vhs"),
    "storm": ("sandstorm",),
}  # fmt: skip

EFFECTIVE = "effective."  # before the name of a facet: what a prompt asks for or its video inherits
Videos = tuple[str, list[Any]]  # a SELECT of ids of videos, and the values of its question marks

_LOWER = (ascii_uppercase, ascii_lowercase)
_JOINTS = " -_"
_MARKS = "-_.,;:!?\"'()…—“”‘’"


def _replaced(sql: str, characters: str, by: str) -> str:
    for character in characters:
        quoted = character.replace("'", "''")
        sql = f"replace({sql}, '{quoted}', '{by}')"
    return sql


_FOLD = str.maketrans(*_LOWER, _JOINTS)
_PART = str.maketrans(*_LOWER) | dict.fromkeys(map(ord, _MARKS), " ")
_VALUE = "facet_values.value"
_NARROWER = {broad.translate(_FOLD): [value.translate(_FOLD) for value in narrow] for broad, narrow in NARROWER.items()}

_NAMES = """
WITH RECURSIVE names(facet) AS (
    SELECT min(facet) FROM facet_values
    UNION ALL
    SELECT (SELECT min(facet_values.facet) FROM facet_values WHERE facet_values.facet > names.facet)
    FROM names WHERE names.facet IS NOT NULL
)
SELECT facet FROM names WHERE facet IS NOT NULL
"""


def list_names(connection: Reader) -> list[str]:
    """The names of all facets that have a value in the library."""
    return [row[0] for row in connection.execute(_NAMES)]


def with_any(facet: str) -> Videos:
    """The videos that have any value of the facet."""
    return _with(facet, "1", [])


def with_values(facet: str, values: Iterable[Value], *, is_exact: bool = False) -> Videos:
    """The videos with one of the values, a narrower one unless `is_exact`, or one that begins as a value does."""
    return _with(facet, *match_values(_VALUE, values, is_exact=is_exact))


def match_values(column: str, values: Iterable[Value], *, is_exact: bool = False) -> Videos:
    """The test that `accept_folded` makes, on a column, with the values of its question marks."""
    folded_column = _replaced(f"lower({column})", _JOINTS, "")
    tests: list[str] = []
    arguments: list[Any] = []
    wanted: dict[str, None] = {}
    for value in values:
        folded = value.text.translate(_FOLD)
        if value.is_prefix:
            tests.append(f"substr({folded_column}, 1, ?) = ?")
            arguments += [len(folded), folded]
        else:
            wanted |= dict.fromkeys([folded, *(() if is_exact else _NARROWER.get(folded, ()))])
    if wanted:
        tests.append(f"{folded_column} IN ({', '.join('?' * len(wanted))})")
    return _any(tests), [*arguments, *wanted]


def accept_folded(values: Sequence[Value], *, is_exact: bool = False) -> Callable[[str], bool]:
    """Whether a value of a facet is one of these, a narrower one unless `is_exact`, or begins as one of them does."""
    beginnings = tuple(value.text.translate(_FOLD) for value in values if value.is_prefix)
    whole = [value.text.translate(_FOLD) for value in values if not value.is_prefix]
    narrower = [] if is_exact else [value for broad in whole for value in _NARROWER.get(broad, ())]
    wanted = {*whole, *narrower}

    def accepts(value: str) -> bool:
        folded = value.translate(_FOLD)
        return folded in wanted or folded.startswith(beginnings)

    return accepts


def with_phrases(facet: str, phrases: Iterable[Value], *, is_exact: bool = False) -> Videos:
    """The videos with one of the phrases in a value, or with `is_exact` as a value.

    The last word of a phrase that is a prefix may be the beginning of one.
    """
    return _with(facet, *match_phrases(_VALUE, phrases, is_exact=is_exact))


def match_phrases(column: str, phrases: Iterable[Value], *, is_exact: bool = False) -> Videos:
    """The test that one of the phrases is in a column, with the values of its question marks: see `with_phrases`."""
    parted = _replaced(f"lower({column})", _MARKS, " ")
    words_of = f"replace(replace(replace(' ' || {parted} || ' ', '  ', ' '), '  ', ' '), '  ', ' ')"
    tests: list[str] = []
    values: list[str] = []
    for phrase in phrases:
        words = phrase.text.translate(_PART).split()
        if is_exact:
            tests.append(f"trim({words_of}) = ?")
            values.append(" ".join(words))
            continue
        tests.append(f"({column} LIKE ? ESCAPE '\\' AND instr({words_of}, ?))")
        values += [f"%{escape(max(words, key=len, default=''))}%", _edged(" ".join(words), is_prefix=phrase.is_prefix)]
    return _any(tests), values


def accept_phrases(phrases: Iterable[Value], *, is_exact: bool = False) -> Callable[[str], bool]:
    """Whether one of the phrases is in a text, or with `is_exact` is the text: as `match_phrases` has it."""
    wanted = [(" ".join(phrase.text.translate(_PART).split()), phrase.is_prefix) for phrase in phrases]
    edged = [_edged(words, is_prefix=is_prefix) for words, is_prefix in wanted]

    def accepts(text: str) -> bool:
        words = " ".join(text.translate(_PART).split())
        if is_exact:
            return any(words == each for each, _ in wanted)
        return any(each in f" {words} " for each in edged)

    return accepts


def _any(tests: list[str]) -> str:
    """The test that one of these holds, nested in groups: SQLite limits the depth of an expression."""
    while len(tests) > 1:
        tests = [f"({' OR '.join(tests[start : start + 10])})" for start in range(0, len(tests), 10)]
    return tests[0]


def escape(text: str) -> str:
    """The text as part of a LIKE pattern, where it matches only itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _edged(words: str, *, is_prefix: bool) -> str:
    """The words with a blank at each end, so that they match whole words; in scripts without blanks, as they are."""
    if any(part.is_run for part in letters.read(words)):
        return words
    return f" {words}" if is_prefix else f" {words} "


def _with(facet: str, test: str, values: list[Any]) -> Videos:
    plain = facet.removeprefix(EFFECTIVE)
    tables = ("video_facets",) if plain == facet else ("video_facets", "inherited_facets")
    sql = " UNION ALL ".join(
        f"SELECT {table}.video_id AS id FROM {table} WHERE {table}.value_id IN "
        f"(SELECT facet_values.id FROM facet_values WHERE facet_values.facet = ? AND ({test}))"
        for table in tables
    )
    return sql, [plain, *values] * len(tables)
