"""Programs in processes that are forked from one that has their modules loaded, for tests that run one many times.

Such a process has its own memory, folder, environment, streams and exit status, as any other; only how it loads is left
out, which tests/test_startup.py, tests/cli and tests/test_wheel.py are for. `python -I -S tests/warm.py ADDRESS ...` is
the program for a shell.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from subprocess import CompletedProcess

    Order = tuple[list[str], str, dict[str, str], str]  # the arguments, the folder, the environment, the code

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH120, PTH100 - a client starts quickly
SERVER = f"import sys; sys.path.insert(0, {ROOT!r}); from tests import warm; warm.run_code(warm.serve({{!r}}, {{!r}}))"
PROGRAM = "from catalog.__main__ import main; main()"
_VERBS = (
    *(
        "collecting",
        "editing",
        "families",
        "finding",
        "importing",
        "judging",
        "reading",
        "serving",
        "sources",
        "upkeep",
    ),
    "watching",
)
LOADED = (
    *(f"catalog.cli.{name}" for name in _VERBS),
    *("catalog.client.client", "catalog.config", "catalog.library", "catalog.prompts.vocabulary"),
)
LENGTH = struct.Struct("!I")
PATIENCE = 300.0  # seconds: only a test that fails waits so long


class Warm:
    """A process that has modules loaded, and waits at `address`."""

    def __init__(self, modules: tuple[str, ...] = LOADED) -> None:
        import secrets
        import subprocess

        self.address = f"catalog-warm-{secrets.token_hex(8)}"
        command = [sys.executable, "-c", SERVER.format(self.address, modules)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def close(self) -> None:
        """End it; what it has started goes on."""
        self._process.kill()
        self._process.communicate()

    def run(
        self,
        arguments: Iterable[str | Path],
        folder: Path,
        environment: dict[str, str] | None = None,
        code: str = PROGRAM,
    ) -> CompletedProcess[str]:
        """Run `catalog`, or other code, in the folder to its end."""
        from subprocess import CompletedProcess
        from tempfile import TemporaryFile

        words = list(map(str, arguments))
        with TemporaryFile() as out, TemporaryFile() as err, open(os.devnull) as nothing:  # noqa: PTH123
            files = [nothing.fileno(), out.fileno(), err.fileno()]
            status = ask(self.address, (words, str(folder), {**(environment or os.environ)}, code), files)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode())
        return CompletedProcess(words, status, *texts)


@cache
def warm(*modules: str) -> Warm:
    """One that has `catalog`, or these modules, loaded, for all tests of this process; it ends with them."""
    import atexit

    started = Warm(modules or LOADED)
    atexit.register(started.close)
    return started


def ask(address: str, order: Order, files: list[int]) -> int:
    """Have it run with these files as its standard streams, and return its exit status."""
    data = json.dumps(order).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(f"\0{address}")
        socket.send_fds(connection, [LENGTH.pack(len(data))], files)
        connection.sendall(data)
        return int(connection.makefile().readline())


def serve(address: str, modules: tuple[str, ...]) -> str:
    """Wait for orders until standard input ends; returns, in each process that is to run one, the code."""
    import gc
    from importlib import import_module
    from select import select

    for name in modules:
        import_module(name)
    gc.freeze()  # a collection in a process that is forked would copy every page
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{address}")
        listener.listen(16)
        print("ready", flush=True)
        while True:
            readable, _, _ = select([listener, 0], [], [])
            _reap()
            if listener not in readable:
                os._exit(0)
            connection, _ = listener.accept()
            if os.fork() == 0:
                break
            connection.close()
    order, files = _receive(connection)
    process = os.fork()
    if process:
        _, status = os.waitpid(process, 0)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    connection.close()
    arguments, folder, environment, code = order
    sys.path.remove(ROOT)
    _become(arguments, folder, environment, files)
    return code


def run_code(code: str) -> None:
    """Run the code as a program, and end the process as Python does, but for taking its modules apart."""
    import atexit
    import threading
    import traceback

    status = 0
    try:
        exec(code, {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - whatever ends a program is shown
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _receive(connection: socket.socket) -> tuple[Order, list[int]]:
    header, files, _, _ = socket.recv_fds(connection, LENGTH.size, 3)
    (length,) = LENGTH.unpack(header)
    return json.loads(connection.makefile("rb").read(length)), files


def _become(arguments: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Give this process what a new one would have begun with."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, closefd=False)  # noqa: SIM115 - closed with the process
        for number, mode in enumerate("rww")
    )
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["catalog", *arguments]


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1], (sys.argv[2:], os.getcwd(), dict(os.environ), PROGRAM), [0, 1, 2]))  # noqa: PTH109
