"""How the code is written, where a machine can tell: short decisions, short modules, names and English that say it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    Function = ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(catalog.__file__).parent
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))

MOST_BRANCHES = 12
MOST_LINES = 400

EMPTY_NAMES = {"told", "again", "later", "thing", "stuff"}
STILTED = re.compile(r"\b(?:is|are) no (?!longer\b|more\b)|\banew\b|\bsay so\b", re.IGNORECASE)


@cache
def parse(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text("utf-8"))


def functions(module: str) -> Iterator[Function]:
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Everything in a function but what is inside the functions and classes that it defines; lambdas are its own."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
            waiting += ast.iter_child_nodes(node)


def complexity(function: Function) -> int:
    """One, and one for each way to go on: `if` (also as an expression and in a comprehension), `for`, `while`,
    `except`, `case`, `assert`, and each further operand of `and` and `or`. The loop of a comprehension counts nothing.
    """
    ways = 1
    for node in own_nodes(function):
        if isinstance(
            node,
            ast.If | ast.IfExp | ast.For | ast.AsyncFor | ast.While | ast.ExceptHandler | ast.match_case | ast.Assert,
        ):
            ways += 1
        elif isinstance(node, ast.BoolOp):
            ways += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            ways += len(node.ifs)
    return ways


def bound_names(module: str) -> Iterator[str]:
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name


def texts(module: str) -> Iterator[str]:
    """Docstrings and messages."""
    for node in ast.walk(parse(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(): return 1", 1),
        ("def f(a):\n if a: return 1\n elif not a: return 2\n else: return 3", 3),
        ("def f(a, b): return a and b and (a or b)", 4),
        ("def f(a): return [b for b in a if b if b > 1]", 3),
        ("def f(a):\n for b in a:\n  while b: b -= 1 if b else 2", 4),
        ("def f():\n try: g()\n except OSError: pass\n except ValueError: pass", 3),
        ("def f(a):\n match a:\n  case 1: pass\n  case _: pass", 3),
        ("def f(a): return sorted(a, key=lambda b: b or 1)", 2),
        ("def f(a):\n def g(b): return b or 1\n return g", 1),
    ],
)
def test_complexity_counts_every_way_to_go_on(source: str, expected: int) -> None:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert complexity(function) == expected


def test_no_function_decides_too_much() -> None:
    figures = {
        f"{module} {function.name}": complexity(function) for module in MODULES for function in functions(module)
    }
    assert {name: ways for name, ways in figures.items() if ways > MOST_BRANCHES} == {}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {module: len((ROOT / module).read_text("utf-8").splitlines()) for module in MODULES}
    assert {module: lines for module, lines in lengths.items() if lines > MOST_LINES} == {}


def test_names_say_what_a_thing_is() -> None:
    assert {module: names for module in MODULES if (names := EMPTY_NAMES.intersection(bound_names(module)))} == {}


def test_texts_are_idiomatic_english() -> None:
    assert [(module, text) for module in MODULES for text in texts(module) if STILTED.search(text)] == []
