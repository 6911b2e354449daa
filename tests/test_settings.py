"""Settings cost nothing where nothing is configured, and mean the same where something is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from catalog.config import TEMPLATE, SyncSettings
from catalog.errors import ConfigError
from catalog.settings import FILE_NAME, Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def loads_pydantic(path: Path | None, **environment: str) -> bool:
    """Whether reading these settings, in a process of its own, loads pydantic."""
    script = f"""
import sys
from pathlib import Path
from catalog.settings import load_settings
settings = load_settings({str(path) if path else None!r} and Path({str(path)!r}), {environment!r})
settings.load_prices(), settings.facets
print("pydantic" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return ran.stdout.strip() == "True"


def write(folder: Path, text: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(text, "utf-8")
    return path


def test_no_file_and_a_file_of_comments_load_no_pydantic(tmp_path: Path) -> None:
    assert not loads_pydantic(None)
    assert not loads_pydantic(write(tmp_path, TEMPLATE))
    assert loads_pydantic(write(tmp_path, "[sync]\nparallel = 2\n"))
    assert loads_pydantic(None, CATALOG_BASE_URL="https://host/v1")


@pytest.mark.parametrize("text", ["", TEMPLATE, "\ufeff# with a mark in front\n", "\r\n# of Windows\r\n"])
def test_a_file_of_comments_configures_nothing(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    assert load_settings(path, {}) == Settings(path=path)
    assert load_settings(path, {}).sync == SyncSettings()


def test_a_file_of_comments_leaves_the_sources_to_the_environment(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, TEMPLATE), {"CATALOG_BASE_URL": "https://host/v1"})
    assert settings.find_source("default").base_url == "https://host/v1"


@pytest.mark.parametrize("content", [b"# \xff\n", b"# \x00\n", b"# a\n["])
def test_a_broken_file_of_comments_is_still_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=FILE_NAME):
        load_settings(path, {})
