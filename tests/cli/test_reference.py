"""The generated documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from catalog.cli.main import VERBS
from catalog.cli.reference import DOCUMENTS, main, write_commands, write_schema

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "commands.md").write_text("old\n")
    return tmp_path


def test_every_verb_has_its_help_in_the_reference() -> None:
    text = write_commands()
    for name in VERBS:
        assert f"\n## catalog {name}\n" in text
        assert f"Usage: catalog {name} " in text


def test_every_table_and_column_has_its_meaning() -> None:
    from sqlmodel import SQLModel

    text = write_schema()
    for name, table in SQLModel.metadata.tables.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for column in table.columns:
            assert f"\n| `{column.name}` | " in section
    assert "` | time | " in text


def test_a_document_that_lags_behind_is_refused(folder: Path) -> None:
    result = CliRunner().invoke(main, ["--check", str(folder)])
    assert result.exit_code == 1
    assert "--write" in result.stderr
    assert (folder / "commands.md").read_text() == "old\n"


def test_documents_once_written_are_up_to_date(folder: Path) -> None:
    assert CliRunner().invoke(main, ["--write", str(folder)]).exit_code == 0
    assert {path.name for path in folder.iterdir()} == set(DOCUMENTS)
    assert CliRunner().invoke(main, ["--check", str(folder)]).exit_code == 0


def test_the_width_of_the_terminal_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = write_commands()
    monkeypatch.setenv("COLUMNS", "40")
    assert write_commands() == wide
