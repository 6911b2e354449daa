"""The fields of files: `file:NAME`, `mismatch:seconds`, `reference:ID`, `character:ID`, and what is said of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.bitmaps import FILE_TESTS, FILES
from catalog.search.fields import explain_name
from catalog.search.query import Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

MISMATCHES = ("seconds", "size")
STATES = ("lost", "damaged", "archived")  # of files, as `is:NAME`

# A name is one of a place, with its ending or without, or the hash of the bytes; roles of inputs are relations too.
BY_FILE = """
SELECT files.video_id AS id FROM file_places CROSS JOIN files ON files.sha256 = file_places.sha256 WHERE {name}
UNION ALL SELECT files.video_id FROM files WHERE {sha256}
"""
BY_INPUT = """
SELECT video_inputs.video_id AS id FROM video_inputs WHERE video_inputs.role = '{role}' AND {name}
UNION ALL SELECT links.child_id FROM links WHERE links.relation = '{role}' AND {parent}
"""


def having(state: str) -> str:
    """The SELECT of the `id`s of the videos of whose files this is true, a name of FILE_TESTS."""
    return f"SELECT files.video_id AS id FROM {FILES} GROUP BY files.video_id HAVING {FILE_TESTS[state]}"


def read_mismatches(values: Iterable[Value]) -> list[str]:
    """The names of FILE_TESTS that a term asks for; raises ValueError, with an explanation, for what is none."""
    names = []
    for value in values:
        name = value.text.lower()
        if name not in MISMATCHES or value.is_prefix:
            raise ValueError(explain_name("mismatch", str(value), MISMATCHES))
        names.append(f"mismatch_{name}")
    return names


def with_endings(values: Collection[Value]) -> list[Value]:
    """The names of files, those without an ending also as the beginning of one that has it."""
    bare = [
        Value(f"{value.text}.", is_prefix=True) for value in values if not value.is_prefix and "." not in value.text
    ]
    return [*values, *bare]
