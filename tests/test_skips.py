"""What the tests promise about themselves: in CI none of them is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
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


@pytest.mark.parametrize(("ci", "summary"), [("true", "1 failed, 2 errors"), ("", "3 skipped")])
def test_a_skip_is_a_failure_in_ci_alone(tmp_path: Path, ci: str, summary: str) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().splitlines()[-1].startswith(summary), done.stdout + done.stderr
