"""The program as a whole: its help, its places, its exit status."""

from __future__ import annotations

import pytest

from catalog.cli.main import SECTIONS, VERBS, cli, load
from tests.cli.conftest import job


def test_the_help_names_every_verb_with_its_summary(run):
    text = run("--help").stdout
    for verb in VERBS.values():
        assert verb.name in text
        assert verb.summary in text


@pytest.mark.parametrize("name", VERBS)
def test_the_summary_of_a_verb_is_the_first_line_of_its_help(name):
    command = load(VERBS[name])
    assert command.get_short_help_str(limit=1000) == VERBS[name].summary


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_help_under_both_names(run, name):
    long, short = run(name, "--help"), run(name, "-h")
    assert long.exit_code == short.exit_code == 0
    assert long.stdout == short.stdout
    assert VERBS[name].summary in long.stdout


def test_every_verb_stands_in_one_section():
    assert sum(map(len, SECTIONS.values())) == len(VERBS)


@pytest.mark.parametrize(
    "name",
    [
        "sources",
        "search",
        "facets",
        "show",
        "lineage",
        "changes",
        "history",
        "stats",
        "sync",
        "add",
        "import",
        "validate",
        "request",
    ],
)
def test_every_reading_verb_has_json(name):
    assert any("--json" in option.opts for option in load(VERBS[name]).params)


@pytest.mark.parametrize("name", sorted(set(VERBS) - {"demo"}))
def test_every_verb_of_a_library_takes_its_places(name):
    names = {option for parameter in load(VERBS[name]).params for option in parameter.opts}
    assert {"--db", "--config"} <= names


def test_the_version_is_printed(run):
    assert run("--version").stdout.startswith("catalog 0.")


def test_an_unknown_verb_is_a_usage_error_with_a_proposal(run):
    result = run("serch")
    assert result.exit_code == 2
    assert "search" in result.stderr


@pytest.mark.parametrize(
    "line",
    [
        *("search", "search --json", "search --limit 0 --facet model", "search created:nonsense", "facets"),
        *("facets --explain v1", "show v1", "show v1 v2 v3", "show -", "lineage v1", "lineage v1 --diff"),
        *("diff v1 v2", "changes v1", "stats", "stats --cost", "sources", "history"),
        *("tag v1 keeper", "tag v1:a v1:b keeper", "tag v1 --remove keeper", "delete v1", "undelete v1", "undelete -"),
        *("undo", "undo 3", "redo", "backup", "backup copy.db", "migrate", "serve --port 0"),
        *("reindex", "reindex --fts", "reindex --costs", "reindex --facets"),
    ],
)
@pytest.mark.parametrize("place", ["catalog.db", "no folder/catalog.db", "empty.db"])
def test_a_verb_that_needs_a_library_says_where_there_is_none(run, tmp_path, monkeypatch, line, place):
    (tmp_path / "empty.db").touch()
    monkeypatch.setenv("CATALOG_DB", str(tmp_path / place))
    result = run(*line.split(), stdin="v1\nv2\n")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"Error: no library at {tmp_path / place}: "
        "check the path, or make one with `catalog init`, `catalog sync` or `catalog import`\n"
    )
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("empty.db", 0)]


@pytest.mark.parametrize(
    "line", ["show", "lineage", "changes", "facets --explain", "tag -- {} keeper", "delete", "undelete", "diff {} v1"]
)
def test_the_beginning_of_several_names_is_answered_with_them(run, hear, line):
    hear(job("video_abcd1"), job("video_abcd2"), job("v1"))
    hear(job("video_abcd3"), source="other")
    for beginning, candidates in (
        ("video_abcd", "other:video_abcd3, studio:video_abcd1, studio:video_abcd2"),
        ("studio:video_abcd", "studio:video_abcd1, studio:video_abcd2"),
    ):
        result = run(*(line if "{}" in line else f"{line} {{}}").format(beginning).split())
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: several videos have names that begin with '{beginning}': name one of {candidates}\n"
        )


@pytest.mark.parametrize("name", ["video_abcd", "studio:video_abcd", "other:video_abcd"])
def test_a_whole_name_goes_before_what_it_begins(run, ask, hear, name):
    hear(job("video_abcd"), job("video_abcd1"), job("video_abcd2"))
    hear(job("video_abcd3"), source="other")
    assert ask("show", name)["ref"] == ("other:video_abcd3" if "other" in name else "studio:video_abcd")


def test_the_library_may_be_named_before_and_after_the_verb(run, hear, tmp_path):
    hear(job())
    run("backup", "copy.db")
    (tmp_path / "catalog.db").unlink()
    assert "1 video" in run("--db", "copy.db", "search").stdout
    assert "1 video" in run("search", "--db", "copy.db").stdout


def test_the_library_named_last_counts(run, hear, tmp_path):
    hear(job())
    assert run("--db", "missing.db", "search", "--db", str(tmp_path / "catalog.db")).exit_code == 0
    assert run("--db", str(tmp_path / "catalog.db"), "search", "--db", "missing.db").exit_code == 1


def test_an_option_goes_before_the_environment(run, hear, tmp_path, monkeypatch):
    hear(job())
    monkeypatch.setenv("CATALOG_DB", "missing.db")
    assert run("search", "--db", str(tmp_path / "catalog.db")).exit_code == 0


def test_the_library_is_catalog_db_here_where_nothing_names_one(run, hear, monkeypatch):
    hear(job())
    monkeypatch.delenv("CATALOG_DB")
    assert "1 video" in run("search").stdout


def test_the_settings_can_be_named_by_option_and_environment(ask, hear, tmp_path, monkeypatch):
    hear()
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[sources.{name}]\nbase_url = "http://127.0.0.1/v1"\n')
    monkeypatch.setenv("CATALOG_CONFIG", "one.toml")
    assert [state["name"] for state in ask("sources")] == ["one"]
    assert [state["name"] for state in ask("--config", "two.toml", "sources")] == ["two"]


def test_an_error_is_one_harmless_line(run, hear):
    hear()
    result = run("show", "a\x1b[2Jb\nc")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


def test_a_file_that_is_no_library_is_an_error_of_one_line(run, tmp_path):
    (tmp_path / "catalog.db").write_text("no library at all " * 100)
    result = run("search")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_the_shell_completes_verbs_and_names_of_sources(tmp_path, monkeypatch):
    (tmp_path / "catalog.toml").write_text('[sources.studio]\nbase_url = "http://127.0.0.1/v1"\n')
    assert _complete("catalog li") == ["lineage", "link"]
    assert _complete("catalog sync st") == ["studio"]
    assert _complete("catalog search --facet mo") == ["model", "month", "mood"]


def _complete(line: str) -> list[str]:
    from click.shell_completion import ShellComplete

    *words, incomplete = line.split()
    completer = ShellComplete(cli, {}, "catalog", "_CATALOG_COMPLETE")
    return [item.value for item in completer.get_completions(words[1:], incomplete)]
