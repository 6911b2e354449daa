"""The command reference of the README."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from catalog.cli.main import VERBS
from catalog.cli.reference import BEGIN, END, main, write_reference


@pytest.fixture
def readme(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n")
    return path


def test_every_verb_has_its_help_in_the_reference():
    text = write_reference()
    for name in VERBS:
        assert f"\n### catalog {name}\n" in text
        assert f"Usage: catalog {name} " in text


def test_a_reference_that_lags_behind_is_refused(readme):
    result = CliRunner().invoke(main, ["--check", str(readme)])
    assert result.exit_code == 1
    assert "--write" in result.stderr
    assert "old" in readme.read_text()


def test_a_reference_once_written_is_up_to_date(readme):
    assert CliRunner().invoke(main, ["--write", str(readme)]).exit_code == 0
    assert CliRunner().invoke(main, ["--check", str(readme)]).exit_code == 0
    text = readme.read_text()
    assert text.startswith("# Title\n")
    assert text.endswith("The end.\n")


def test_the_width_of_the_terminal_does_not_matter(monkeypatch):
    wide = write_reference()
    monkeypatch.setenv("COLUMNS", "40")
    assert write_reference() == wide


def test_a_file_without_a_place_for_it_is_refused(readme):
    readme.write_text("nothing\n")
    result = CliRunner().invoke(main, ["--write", str(readme)])
    assert result.exit_code == 1
    assert readme.read_text() == "nothing\n"
