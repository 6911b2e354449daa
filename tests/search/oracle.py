"""The meaning of a query as one SQL test on each row, which knows no bitmaps: what the engine is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.search.fields import Fields
from catalog.search.grammar import parse
from catalog.search.plan import make_plan
from catalog.search.steps import All, Either, join_and

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.database import Reader
    from catalog.search.steps import Step

Test = tuple[str, list[Any]]


def find_by_rows(connection: Reader, query: str, now: datetime) -> set[int]:
    """The ids of the videos that match, each row tested by itself."""
    plan = make_plan(parse(query), connection, Fields(connection), now=now)
    step = join_and(plan.wanted, plan.unwanted)
    test, values = ("0" if plan.finds_nothing else "1", []) if step is None else compile_step(step)
    kept = "" if plan.include_deleted else " AND videos.deleted_at IS NULL"
    return {row[0] for row in connection.execute(f"SELECT id FROM videos WHERE ({test}){kept}", values)}


def compile_step(step: Step) -> Test:
    """The step as a test on a row of `videos`."""
    if isinstance(step, Either):
        return _join(" OR ", [compile_step(each) for each in step.steps])
    if isinstance(step, All):
        tests = [compile_step(each) for each in step.wanted]
        tests += [(f"({test}) IS NOT TRUE", values) for test, values in map(compile_step, step.unwanted)]
        return _join(" AND ", tests)
    return step.test, step.values


def _join(sign: str, tests: list[Test]) -> Test:
    return sign.join(f"({test})" for test, _ in tests), [value for _, values in tests for value in values]
