"""Compiled vocabularies in the user's cache folder: one process in a thousand compiles, the others read.

A file is found by what it was compiled from: the vocabulary, the user's words, the compiler itself and the version of
Python. It is plain JSON behind a checksum, and is used only where nobody else could have written it; a file that is
damaged, of another version or a stranger's counts as missing. Without the cache everything works, only slower, so no
failure here is an error.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

_MADE_OF = (
    "vocabulary.toml",
    "vocabulary.py",
    "compiler.py",
    "matcher.py",
    "inflection.py",
    "tokens.py",
    "characters.py",
)
_NAME = "vocabulary-{}.json"
_PART_SECONDS = 60  # then whoever wrote a part is dead
_MOST_DAYS = 30  # then a file of an older version, or of words that the user has since changed, is removed


def cache_folder() -> Path | None:
    """The program's folder of caches; None where the user has no home, or the system does not say whose a file is.

    `platformdirs` knows the same places, but loading it takes as long as reading the vocabulary.
    """
    caches = "~/Library/Caches" if sys.platform == "darwin" else os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(os.path.expanduser(caches), "video-catalog")  # noqa: PTH111 - no home, no error
    return folder if folder.is_absolute() and hasattr(os, "geteuid") else None


def make_key(own_words: str) -> str:
    """The key of what this code and this Python compile from the vocabulary and these words of the user."""
    folder = Path(__file__).parent
    key = blake2b(sys.version.encode(), digest_size=16)
    for content in (own_words.encode(), *(folder.joinpath(name).read_bytes() for name in _MADE_OF)):
        key.update(len(content).to_bytes(8, "big") + content)
    return key.hexdigest()


def read_cached(folder: Path | None, key: str) -> Any:
    """The data under the key; None where the folder lacks it or the file cannot be trusted."""
    if folder is None:
        return None
    try:
        if not _is_ours(folder.stat()):
            return None
        number = os.open(folder / _NAME.format(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
                return None
            checksum, _, content = file.read().partition(b"\n")
        return json.loads(content) if checksum == _checksum(key, content) else None
    except (OSError, ValueError):
        return None


def write_cached(folder: Path | None, key: str, data: Any) -> None:
    """Write the data under the key, whole or not at all, and remove files that are too old to be of use."""
    if folder is None:
        return
    import tempfile

    content = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(folder.stat()):
            return
        number, name = tempfile.mkstemp(dir=folder, prefix=_NAME.format(key), suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(_checksum(key, content) + b"\n" + content)
            part.replace(folder / _NAME.format(key))
        finally:
            part.unlink(missing_ok=True)
        _remove_old(folder)


def _remove_old(folder: Path) -> None:
    now = time.time()
    for path in folder.glob(_NAME.format("*") + "*"):
        if path.lstat().st_mtime < now - (_PART_SECONDS if path.suffix == ".part" else _MOST_DAYS * 24 * 3600):
            path.unlink(missing_ok=True)


def _is_ours(status: os.stat_result) -> bool:
    """Whether only this user can have written the file."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _checksum(key: str, content: bytes) -> bytes:
    """Proves that the content is whole and stands under its own key."""
    return blake2b(content, key=key.encode(), digest_size=16).hexdigest().encode()
