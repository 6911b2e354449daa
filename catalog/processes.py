"""What the system says about a process by its number; processes that answer through pipes. Knows no file of ours."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from multiprocessing.connection import Connection

Order = TypeVarTuple("Order")
Answer = TypeVar("Answer")

_LOOK_SECONDS = 0.5  # between two looks at whether the parent is there
_ENDED = frozenset("ZXx")  # ended, and nobody has waited for it yet: in a container, often nobody ever does


def read_process(number: str) -> tuple[bool, str]:
    """Whether a process has ended, and when it started in ticks since the boot; empty where the system does not say."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return fields[0] in _ENDED, fields[19]  # 3 and 22 in proc(5)
    return False, ""


def name_user() -> str | None:
    """The name under which the user of this process logged in; None where the system has none."""
    from getpass import getuser

    with suppress(ImportError, KeyError, OSError):  # in containers, users may have numbers only
        return getuser().encode("utf-8", "replace").decode()
    return None


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
    from multiprocessing.connection import Connection

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    return Connection(orders, writable=False), Connection(answers, readable=False)


def _end_with(parent: int) -> None:
    import time

    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


class Pool(Generic[*Order, Answer]):
    """So many processes that call one function, started when they are first asked, each by one thread at a time.

    An order that a process does not survive, or that is handed to one which has ended, is carried out in the process
    that asked. They end with that, whatever becomes of it.
    """

    def __init__(self, module: str, function: Callable[[*Order], Answer], count: int) -> None:
        """`serve` of the module answers orders with the function."""
        self._module = module
        self._function = function
        self._lock = threading.Lock()
        self._is_closed = False
        self._workers: list[Worker] = []
        self._free: SimpleQueue[Worker | None] = SimpleQueue()  # None for one that has not started
        for _ in range(count):
            self._free.put(None)

    def ask(self, *order: *Order) -> Answer:
        """What the function returns for these arguments. Raises EOFError once the processes are closed."""
        worker = self._free.get()
        try:
            worker = worker or self._start()
            worker.orders.send(order)
            answer: Answer = worker.answers.recv()
        except (OSError, EOFError):
            if self._is_closed:
                raise EOFError("the processes are closed") from None
            return self._function(*order)
        else:
            return answer
        finally:
            self._free.put(worker)

    def _start(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise EOFError
            worker = start_worker(self._module)
            self._workers.append(worker)
            return worker

    def close(self) -> None:
        """End the processes, whatever they do."""
        with self._lock:
            self._is_closed = True
        for worker in self._workers:
            worker.end()


def serve_pool(function: Callable[..., object], orders_number: int, answers_number: int, parent: int) -> None:
    """Be a process of a pool, until the pipe is closed or the process `parent` has ended."""
    orders, answers = be_worker(orders_number, answers_number, parent)
    with suppress(EOFError, OSError):
        while True:
            answers.send(function(*orders.recv()))
