"""How the program ends when it is told to: by Ctrl-C, by the signals TERM and HUP, or because its parent has ended.

The first signal unwinds the program as Ctrl-C does, so that whatever is open is closed and what was kept can be said.
Python passes a signal on only between two steps of its own, and a query or a busy library may keep it from there; so a
thread watches, and ends the process where it has not ended in time. That is as safe as any other end: what a
transaction has not committed was never there.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERRUPTED = 130  # the exit status after Ctrl-C
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
UNCHANGED = "the library is as it was"
LAST_SECONDS = 4.0  # that the program has to end in order

_PARENT = "CATALOG_PARENT_PIPE"  # names the end of a pipe that is open as long as the parent lives
_received: list[int] = []
_safe = [UNCHANGED]


def take_signals() -> None:
    """Let TERM and HUP raise KeyboardInterrupt, unless the caller ignores them, and see to it that the program ends.

    It ends too when the process that started it `bound` has ended.
    """
    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _receive)
    signals, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    _start(_watch_signals, signals)
    parent = os.environ.pop(_PARENT, "")
    if parent.isdecimal():
        _start(_watch_parent, int(parent))


def promise(text: str) -> None:
    """Set what is safe from now on, however the program ends."""
    _safe[:] = [text]


def safe() -> str:
    """What is safe, for a person."""
    return _safe[0]


def settle() -> None:
    """See to it that the exit status is the program's own, after an interruption that it has handled.

    Python ends itself by SIGINT where one came out of an `exec`, such as making a dataclass while a module is loaded,
    whoever has caught it since; another `exec` takes that back (`run_eval_code_obj` of CPython).
    """
    exec("")  # noqa: S102


def status() -> int:
    """The exit status that a signal asks for, as shells count it; 0 where none but Ctrl-C came."""
    return 128 + _received[0] if _received else 0


def ending() -> str:
    """What happened to the program and what is safe, for a person."""
    return f"{'terminated' if _received else 'interrupted'}: {safe()}"


@contextmanager
def bound(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Options of Popen for a `catalog` that ends with this process, even where this one is killed.

    What it needs to know is put into its `environment`. The pipe whose end it watches closes with this process.
    """
    if os.name != "posix":  # no other child inherits single files
        yield {}
        return
    watched, held = os.pipe()
    environment[_PARENT] = str(watched)
    try:
        yield {"pass_fds": [watched]}
    finally:
        os.close(watched)
        os.close(held)


def _start(watch: Callable[[int], None], pipe: int) -> None:
    with suppress(RuntimeError):  # no room for a thread: the program does without
        threading.Thread(target=watch, args=(pipe,), name=watch.__name__, daemon=True).start()


def _receive(number: int, _frame: Any) -> None:
    for ignored in ENDING:  # once is enough
        signal.signal(ignored, signal.SIG_IGN)
    _received.append(number)
    raise KeyboardInterrupt


def _watch_signals(pipe: int) -> None:
    """End the process where a signal has not ended it in time."""
    while (number := os.read(pipe, 1)[0]) not in {signal.SIGINT, *ENDING}:
        pass
    _end_soon(number)


def _watch_parent(pipe: int) -> None:
    """End this process when its parent has ended."""
    try:
        os.read(pipe, 1)
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGTERM)
    _end_soon(signal.SIGTERM)


def _end_soon(number: int) -> None:
    time.sleep(LAST_SECONDS)
    if number != signal.SIGINT:
        _received.append(number)
    with suppress(OSError):
        os.write(2, f"{ending()}\n".encode())
    os._exit(128 + number)
