"""The three standard streams, so that none of them breaks what a command is there for.

Standard error takes remarks: what cannot be written there is passed over, whoever wrote it. Standard output takes data:
what cannot be written raises OutputLost, which no handler takes for an error of a file. A stream that the caller closed
stays closed, but its number is taken: a library or a socket that got it would be written to by mistake.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress

_NUMBERS = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}  # reading 0 and writing 1 fail as on a closed stream


class OutputLost(Exception):
    """Standard output cannot be written; `is_unread` where that is because nobody reads it any more."""

    def __init__(self, fault: OSError) -> None:
        super().__init__(f"cannot write to standard output: {fault.strerror or fault}")
        self.is_unread = fault.errno == errno.EPIPE


class _Data(io.FileIO):
    """A file whose failure is OutputLost; `is_dropped` passes over what is written."""

    is_dropped = False

    def write(self, data: bytes) -> int | None:  # type: ignore[override]  # any buffer, as in the base class
        if self.is_dropped:
            return len(data)
        try:
            return super().write(data)
        except OSError as error:
            raise OutputLost(error) from error


class _Remarks(io.FileIO):
    """A file that passes over what cannot be written to it."""

    def write(self, data: bytes) -> int | None:  # type: ignore[override]  # any buffer, as in the base class
        with suppress(OSError):
            written = super().write(data)
            if written is not None:
                return written
        return len(data)


def take_streams() -> None:
    """Put the standard streams of this process into the form that the module describes."""
    for number, flags in _NUMBERS.items():
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = _wrap(io.FileIO(0, "r", closefd=False), None)
    sys.stdout = _wrap(_Data(1, "w", closefd=False), sys.stdout)
    sys.stderr = _wrap(_Remarks(2, "w", closefd=False), sys.stderr)


def drop_output() -> None:
    """Drop what standard output has not taken."""
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(file, _Data):
        file.is_dropped = True
        sys.stdout.flush()
        file.is_dropped = False


def _wrap(file: io.FileIO, stream: object) -> io.TextIOWrapper:
    """A text stream over the file in the encoding of the one it replaces; what that lacks is written as `\\x…`."""
    buffer = io.BufferedReader(file) if file.readable() else io.BufferedWriter(file)
    encoding = getattr(stream, "encoding", None)
    return io.TextIOWrapper(buffer, encoding, errors="backslashreplace", line_buffering=True)
