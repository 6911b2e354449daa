"""The generated documents: `docs/commands.md` from `--help`, `docs/schema.md` from the tables and their descriptions.

python -m catalog.cli.reference --check docs        fails when a document is out of date
python -m catalog.cli.reference --write docs        writes both
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog.cli.main import SECTIONS, cli, load

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 100
_NOTE = "<!-- Written by `python -m catalog.cli.reference --write docs`; edit the program, not this page. -->"
_SCHEMA_INTRODUCTION = """\
A library is one SQLite file. Times are UTC text of fixed width (`2026-11-21T10:57:03.000Z`), so text order is time
order; JSON is text; ids are row numbers that are never reused. The full-text index `videos_fts` (FTS5) lies beside
these tables and stores no text of its own. `catalog reindex` rebuilds the tables marked
*derived*, the columns described as derived and the estimated costs, and nothing else."""
_DERIVED = frozenset(
    {"bitmaps", "facet_values", "video_facets", "stack_due", "stack_keys", "stack_prompts", "stack_videos"}
)


def write_commands() -> str:
    """The help of the program and of every verb, as Markdown."""
    parts = ["# Commands", _NOTE, "## catalog", _help(cli, "catalog")]
    for verbs in SECTIONS.values():
        for verb in verbs:
            parts += [f"## catalog {verb.name}", _help(load(verb), f"catalog {verb.name}")]
    return "\n\n".join(parts) + "\n"


def write_schema() -> str:
    """Every table and column of a library in a sentence, as Markdown."""
    from sqlmodel import SQLModel

    from catalog import tables
    from catalog.web.metadata import metadata_for

    described = metadata_for("catalog.db")["databases"]["catalog"]["tables"]
    parts = ["# The library on disk", _NOTE, _SCHEMA_INTRODUCTION]
    for name, table in SQLModel.metadata.tables.items():
        summary = described[name].get("description") or _first_line(tables.Videos.__doc__)
        parts += [f"## {name}", summary + (" *Derived.*" if name in _DERIVED else "")]
        rows = [
            f"| `{column.name}` | {_type_name(column.type)} | {described[name]['columns'][column.name]} |"
            for column in table.columns
        ]
        parts.append("\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {"commands.md": write_commands, "schema.md": write_schema}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--write/--check", default=False, help="Write the documents, or fail when one is out of date.")
def main(folder: Path, write: bool) -> None:
    """Keep the generated documents up to date."""
    for name, make in DOCUMENTS.items():
        path, wanted = folder / name, make()
        if path.is_file() and path.read_text(encoding="utf-8") == wanted:
            continue
        if not write:
            raise click.ClickException(f"{path} is out of date: run python -m catalog.cli.reference --write {folder}")
        path.write_text(wanted, encoding="utf-8")


def _help(command: click.Command, name: str) -> str:
    settings = {**cli.context_settings, "terminal_width": _WIDTH}
    with click.Context(command, info_name=name, **settings) as context:
        return f"```text\n{command.get_help(context).rstrip()}\n```"


def _first_line(docstring: str | None) -> str:
    return (docstring or "").partition("\n")[0]


def _type_name(kind: Any) -> str:
    from catalog.tables import UtcText

    return "time" if isinstance(kind, UtcText) else str(kind).lower()


if __name__ == "__main__":
    main()
