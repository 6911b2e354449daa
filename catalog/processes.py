"""What the system says of another process of this machine."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_ENDED = frozenset("ZXx")  # states of a process that nobody has waited for yet


def read_process(process: int | str) -> tuple[bool, str]:
    """Whether a process has ended though its id is still taken, and when it started in ticks since the boot.

    False and an empty text where the system does not say.
    """
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0] in _ENDED, fields[19]  # 3 and 22 in proc(5)
    return False, ""
