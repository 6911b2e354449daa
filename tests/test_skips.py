"""What the tests promise about themselves: in CI none of them is left out."""

from __future__ import annotations

import pytest

pytest_plugins = "pytester"

SKIPPING = """
import pytest

@pytest.fixture
def needy():
    pytest.skip("needs what is not here")

@pytest.mark.skip(reason="needs what is not here")
def test_one(): pass

def test_two(): pytest.skip("needs what is not here")

def test_three(needy): pass
"""


@pytest.mark.parametrize(("ci", "outcomes"), [("true", {"failed": 1, "errors": 2}), ("", {"skipped": 3})])
def test_a_skip_is_a_failure_in_ci_alone(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcomes: dict[str, int]
) -> None:
    monkeypatch.setenv("CI", ci)
    pytester.makepyfile(SKIPPING)
    pytester.runpytest_inprocess("-p", "tests.conftest").assert_outcomes(**outcomes)
