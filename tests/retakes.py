"""Sends what `catalog request` wrote: a command in a real shell, a program in a real Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from tests.warm import warm


def _environment(**more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and "OPENAI" not in name}
    return {**plain, "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore", **more}


def run_shell(command: str, **more: str) -> None:
    """Runs the command in a real shell; without curl, its words are sent."""
    names = _environment(**more)
    if shutil.which("curl"):
        ran = subprocess.run(["sh"], input=command.encode(), env=names, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return
    spoken = command.replace("curl", """sh -c 'printf "%s\\0" "$@"; cat' curl""", 1)
    said = subprocess.run(["sh"], input=spoken.encode(), env=names, capture_output=True, check=True).stdout.decode()
    *words, piped = said.split("\0")
    _send(words, piped)


def _send(words: list[str], piped: str) -> None:
    url = next(word for word in words if word.startswith("http"))
    pairs = list(pairwise(words))
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    bodies = [value for option, value in pairs if option == "-d"] or [piped] * ("--data-binary" in words)
    parts: list[tuple[str, Any]] = []
    for option, value in pairs:
        name, _, text = value.partition("=")
        if option == "--form-string":
            parts.append((name, (None, text)))
        elif option == "-F":
            path, filename = (re.sub(r"\\(.)", r"\1", part) for part in re.findall(r'"((?:[^"\\]|\\.)*)"', text))
            parts.append((name, (filename, Path(path).read_bytes(), text.partition(";type=")[2] or None)))
    if bodies:
        answer = httpx.post(url, headers=headers, content=bodies[0].encode(), trust_env=False)
    else:
        answer = httpx.post(url, headers=headers, files=parts, trust_env=False)
    assert answer.is_success, answer.text


def run_loaded(code: str, **more: str) -> None:
    """Runs the program in a process that has the SDK loaded."""
    ran = warm("openai").run((), Path.cwd(), _environment(**more), code)
    assert ran.returncode == 0, ran.stderr


def run_python(code: str, **more: str) -> None:
    """Runs the program in a Python of its own."""
    ran = subprocess.run(
        [sys.executable, "-"], input=code.encode(), env=_environment(**more), capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
