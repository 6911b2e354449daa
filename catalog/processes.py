"""What the system says about a process by its number; processes that answer through pipes. Knows no file of ours."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess
    from multiprocessing.connection import Connection

_LOOK_SECONDS = 0.5  # between two looks at whether the parent is there
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


class Worker(NamedTuple):
    """A Python process, where orders go to it, and where its answers come from: once it has ended, an EOFError does."""

    process: subprocess.Popen[bytes]
    orders: Connection
    answers: Connection

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()


def start_worker(module: str, *arguments: int) -> Worker:
    """Start a process that calls `serve` of a module with what `be_worker` takes, and these arguments.

    It is not a fork: it has none of the threads, locks and open libraries of this process.
    """
    import subprocess
    import sys
    from multiprocessing.connection import Pipe

    orders, to_worker = Pipe(duplex=False)
    from_worker, answers = Pipe(duplex=False)
    numbers = (orders.fileno(), answers.fileno())
    path = os.pathsep.join(filter(None, (*sys.path, os.environ.get("PYTHONPATH"))))
    with orders, answers:
        process = subprocess.Popen(
            [sys.executable, "-c", f"from {module} import serve; serve{(*numbers, os.getpid(), *arguments)}"],
            pass_fds=numbers,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
    return Worker(process, to_worker, from_worker)


def be_worker(orders: int, answers: int, parent: int) -> tuple[Connection, Connection]:
    """Be such a process from now on, which ends with the process `parent`; returns where orders come, and answers go.

    The first two are numbers of open pipes.
    """
    import signal
    import threading
    from multiprocessing.connection import Connection

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    return Connection(orders, writable=False), Connection(answers, readable=False)


def _end_with(parent: int) -> None:
    import time

    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
