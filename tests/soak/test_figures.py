"""The table of a run, and the page that it is written into."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.figures import BEGIN, END, Figures, make_table, write_table

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_a_table_says_what_was_tried_and_what_went_wrong() -> None:
    figures = Figures("300 kills", ["one"], seconds=12.4)
    figures.waited(0.5)
    figures.waited(0.25)
    assert make_table([("kills", figures)]).splitlines()[-1] == "| kills | 300 kills | 1 | 0.50 s | 12 |"


def test_a_page_holds_the_last_table_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for table in ("first", "second \\1"):
        write_table(page, table)
    assert page.read_text() == f"before\n{BEGIN}\n\nsecond \\1\n\n{END}\nafter\n"


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no lines"):
        write_table(page, "table")


def test_the_page_of_reliability_has_the_place_and_names_every_part(tmp_path: Path) -> None:
    from tests.soak.parts import LAWS, PARTS

    content = PAGE.read_text(encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(content, encoding="utf-8")
    write_table(page, "| the table |")
    laws = {law.name.replace("_", "-") for law in LAWS}
    assert [part.name for part in PARTS if part.name not in laws and f"| `{part.name}` |" not in content] == []
