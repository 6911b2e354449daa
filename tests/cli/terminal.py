"""A real terminal for the program: what it draws there, and how wide that is."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import sys
import termios
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = (sys.executable, "-W", "error", "-m", "catalog")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_SIZE = ("COLUMNS", "LINES")


def on_terminal(arguments: Sequence[str], *, width: int = 100, **environment: str) -> tuple[int, str]:
    """Run the program with a terminal for its input and output: its exit status and what it drew."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        for name in (*_SIZE, "NO_COLOR"):
            os.environ.pop(name, None)
        os.environ.update({"TERM": "xterm-256color", **environment})
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])
    drawn = b""
    try:
        while data := os.read(terminal, 65536):
            drawn += data
    except OSError:  # the terminal of a process that has ended
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), drawn.decode().replace("\r\n", "\n")


def read_lines(drawn: str) -> list[str]:
    """The lines as a person sees them, without colours."""
    return _STYLE.sub("", drawn).splitlines()


def list_wider(drawn: str, width: int) -> list[str]:
    """The lines that the terminal had to break."""
    return [line for line in read_lines(drawn) if cell_len(line) > width]
