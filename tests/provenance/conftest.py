"""Files to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes bytes into a new file and gives its path."""

    def write_file(data: bytes, name: str = "clip.mp4") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write_file
