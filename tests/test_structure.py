"""Where SQL may stand, and what it may say there: read from the source, for no run passes every line."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).resolve().parents[1] / "catalog"

HOMES = (
    "database/",
    "library.py",
    "upgrading.py",
    "fulltext.py",
    "bitmaps/",
    "ingredients.py",
    "store/",
    "reading/",
    "search/",
)
PORTABLE = ("store/", "reading/", "ingredients.py", "rows.py")  # what another backend reads as it stands

STATEMENT = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|WITH\s+(RECURSIVE|\w+\s+AS)"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|VIEW|TRIGGER)|PRAGMA\s+\w+|BEGIN\s+IMMEDIATE)\b",
    re.DOTALL,
)
ONLY_SQLITE = re.compile(
    r"\b(json_\w+|ifnull|iif|unixepoch|julianday|strftime|total|group_concat|printf|instr)\s*\(|->"
    r"|\b(rowid|GLOB|MATCH|NOCASE|PRAGMA|INSERT\s+OR|sqlite_\w+)\b"
)
RUNS = frozenset({"execute", "executemany", "executescript"})


def modules() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def parse(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def list_texts(tree: ast.AST) -> Iterator[str]:
    """The text of every string but docstrings; what an f-string fills in is left out."""
    documents, parts = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documents.add(node.value)
        if isinstance(node, ast.JoinedStr):
            pieces = [part for part in node.values if isinstance(part, ast.Constant)]
            parts.update(pieces)
            yield "_".join(str(part.value) for part in pieces)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents | parts:
            yield node.value


def list_statements(tree: ast.AST) -> list[str]:
    return [text for text in list_texts(tree) if STATEMENT.search(text)]


def list_runs(tree: ast.AST) -> list[str]:
    """The calls that run a statement, but those of a class to the one it extends."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        ast.unparse(call)
        for call in calls
        if isinstance(call, ast.Attribute) and call.attr in RUNS and not ast.unparse(call).startswith("super()")
    ]


def list_loose_connections(tree: ast.AST) -> list[str]:
    """The functions that take a connection of any kind at all."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [
        function.name
        for function in functions
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.arg in {"connection", "reader", "writer"}
        and argument.annotation is not None
        and ast.unparse(argument.annotation) == "Any"
    ]


@pytest.mark.parametrize("module", [name for name in modules() if not name.startswith(HOMES)])
def test_nothing_outside_the_homes_of_sql_holds_or_runs_any(module: str) -> None:
    tree = parse(module)
    assert list_statements(tree) == []
    assert list_runs(tree) == []


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith(PORTABLE)])
def test_what_another_backend_reads_is_portable_and_names_its_parameters(module: str) -> None:
    tree = parse(module)
    assert [text for text in list_texts(tree) if ONLY_SQLITE.search(text)] == []
    if module != "store/bulk.py":  # which gains by it, and is replaced whole
        assert [text for text in list_statements(tree) if "?" in text] == []


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith(("store/", "reading/", "search/"))])
def test_every_connection_is_a_reader_or_a_writer(module: str) -> None:
    assert list_loose_connections(parse(module)) == []


def test_only_migrations_their_mirror_and_its_description_know_sqlalchemy() -> None:
    importing = {
        module
        for module in modules()
        for node in ast.walk(parse(module))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None) or "", *(alias.name for alias in node.names))
        if name.split(".")[0] in {"sqlalchemy", "sqlmodel", "alembic"}
    }
    mirror = {module for module in modules() if module.startswith("tables/") and not module.endswith("__init__.py")}
    assert importing == {"upgrading.py", "cli/reference.py"} | mirror


@pytest.mark.parametrize(
    "source",
    [
        "QUERY = 'SELECT id FROM videos'",
        "def f(table, ids): return f'DELETE FROM {table} WHERE id IN {ids}'",
        "QUERY = '''\nWITH RECURSIVE family(id) AS (SELECT 1)\nSELECT id\nFROM family\n'''",
        "QUERY = 'UPDATE videos ' 'SET status = NULL'",
    ],
)
def test_a_statement_is_seen_however_it_is_written(source: str) -> None:
    assert len(list_statements(ast.parse(source))) == 1


def test_a_docstring_and_a_sentence_are_not_statements() -> None:
    assert (
        list_statements(ast.parse("'''Runs SELECT id FROM videos.'''\nhint = 'select the update from the list'")) == []
    )


def test_a_run_and_a_loose_connection_are_seen() -> None:
    tree = ast.parse("def f(connection: Any): return connection.execute(QUERY)")
    assert list_runs(tree) == ["connection.execute"]
    assert list_loose_connections(tree) == ["f"]
