"""What the system says about a process by its number. Knows no file of ours."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_ENDED = frozenset("ZXx")  # ended, and nobody has waited for it yet: in a container, often nobody ever does


def read_process(number: str) -> tuple[bool, str]:
    """Whether a process has ended, and when it started in ticks since the boot; empty where the system does not say."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0] in _ENDED, fields[19]  # 3 and 22 in proc(5)
    return False, ""


def is_running(number: int | str) -> bool:
    """Whether there is a process of this number that has not ended; not on Windows, where signal 0 is Ctrl-C."""
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:  # another user's
        pass
    return not read_process(str(number))[0]
