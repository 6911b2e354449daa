"""A process that answers the queries of visitors one at a time, so that none can take the server's memory or time.

`Reader` is the server's end of it. The process reads the library with a bound on memory, ends a query that takes too
long, and is ended itself by the system where even that fails: one step of SQLite can take minutes, and cannot be
interrupted. The next query then gets a new process. Answers as JSON are written there too, since one call of the
encoder holds up all that the server does, and what a visitor lets it decode before has no bound.
"""

from __future__ import annotations

import gc
import marshal
import os
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from catalog.database import bound_memory, connect_read_only
from catalog.errors import CatalogError, QueryError
from catalog.reading.bounded import BoundedAnswer, answer_bounded
from catalog.search.function import add_function
from catalog.sharing import Readers, retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.database import Parameters

MAX_MEMORY = 256 << 20  # bytes that SQLite may hold for one query
MAX_PROCESS = 768 << 20  # bytes of addresses for the whole process
MAX_ANSWER = 32 << 20
MAX_JSON = 64 << 20
MAX_VALUES = 200_000  # as many are a page of 9 MB, which takes 10 s to write
_GRACE = 0.5  # seconds that a query has to end by itself after its time
_WRITING = 5.0  # seconds

_LENGTH = struct.Struct(">Q")
_INTERRUPTED = "interrupted"


class TookTooLong(CatalogError):
    """A query that did not end in its time."""


class JsonPage(NamedTuple):
    """An answer of the server's, written as JSON."""

    status: int
    headers: dict[str, str]
    content_type: str
    body: bytes


class Reader:
    """A process that answers queries about one library, started at the first; to be used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    def answer(self, sql: str, parameters: Parameters, *, seconds: float, max_rows: int | None) -> BoundedAnswer:
        """The answer to one query, cut after `max_rows`.

        Raises TookTooLong, and QueryError for one that is wrong, or needs too much memory.
        """
        return BoundedAnswer(*self._ask(_query, seconds, sql, parameters, max_rows))

    def write_json(self, arguments: Mapping[str, list[str]], data: Mapping[str, Any], view: str) -> JsonPage:
        """What Datasette writes as JSON for the arguments of a request; raises as `answer` does."""
        return JsonPage(*self._ask(_write_json, _WRITING, arguments, data, view))

    def _ask(self, task: Callable[..., tuple[Any, ...]], seconds: float, *arguments: Any) -> tuple[Any, ...]:
        process = self._process = self._process or _start(self._path)
        try:
            _write(process.stdin, (task.__name__, seconds, *arguments))
            kind, *content = _read(process.stdout)
        except (OSError, EOFError, ValueError) as error:
            self.stop()
            raise TookTooLong("the query took too long, or more memory than there is") from error
        if kind == "answer":
            return tuple(content)
        raise TookTooLong(content[0]) if content[0] == _INTERRUPTED else QueryError(content[0])

    def stop(self) -> None:
        """End the process, whatever it does; a later query starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]  # both are pipes


def _start(path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the server
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each would take addresses, which are bounded
    )


def _write(pipe: IO[bytes] | None, message: tuple[Any, ...]) -> None:
    if pipe is None:
        raise EOFError
    data = marshal.dumps(message)
    pipe.write(_LENGTH.pack(len(data)) + data)
    pipe.flush()


def _read(pipe: IO[bytes] | None) -> Any:
    head = pipe.read(_LENGTH.size) if pipe else b""
    if pipe is None or len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return marshal.loads(data)  # noqa: S302 - from this program, on its own pipe


def main() -> None:
    """Answer what is asked on standard input until it ends."""
    _bound_process()
    gc.disable()  # it would search millions of decoded values for cycles, again and again, and there are none
    path = Path(sys.argv[1])
    readers = Readers(path, lambda: _connect(path))
    with suppress(EOFError, OSError):  # the server has gone
        while True:
            task, seconds, *arguments = _read(sys.stdin.buffer)
            signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE)
            reply = _answer(_TASKS[task], readers, seconds, *arguments)
            signal.setitimer(signal.ITIMER_REAL, 0)
            _write(sys.stdout.buffer, reply)
    os._exit(0)  # without another attempt at what nobody reads


def _connect(path: Path) -> Any:
    from datasette.utils import escape_fts

    connection = connect_read_only(path)
    bound_memory(connection, MAX_MEMORY)
    connection.create_function("escape_fts", 1, escape_fts)
    add_function(connection, path)
    connection.text_factory = lambda data: str(data, "utf-8", "replace")  # as Datasette reads
    return connection


def _answer(task: Callable[..., tuple[Any, ...]], *arguments: Any) -> tuple[Any, ...]:
    try:
        return "answer", *task(*arguments)
    except MemoryError:
        return "error", f"the query needs more than {MAX_MEMORY >> 20} MB of memory"
    except Exception as error:  # noqa: BLE001 - whatever a visitor's query raises is about that query
        return "error", str(error) or type(error).__name__


def _query(readers: Readers, seconds: float, sql: str, parameters: Any, max_rows: int | None) -> tuple[Any, ...]:
    def answer() -> BoundedAnswer:
        with readers.borrow() as connection:
            return answer_bounded(
                connection,
                sql,
                parameters,
                seconds=seconds,
                max_rows=max_rows,
                max_size=MAX_ANSWER,
                max_values=MAX_VALUES,
            )

    return retried(answer)


def _write_json(_: Readers, __: float, arguments: Any, data: Any, view: str) -> tuple[Any, ...]:
    from datasette.renderer import json_renderer
    from datasette.utils import MultiParams

    page = json_renderer(MultiParams(arguments), data, view)
    body = page.body.encode()
    if len(body) > MAX_JSON:
        raise QueryError(f"the answer has more than {MAX_JSON >> 20} MB as JSON: ask for fewer rows or columns")
    return page.status, page.headers, page.content_type, body


_TASKS = {task.__name__: task for task in (_query, _write_json)}


def _bound_process() -> None:
    with suppress(ImportError, OSError, ValueError):  # where the system has no such bound, SQLite's own holds
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_PROCESS, MAX_PROCESS))


if __name__ == "__main__":
    main()
