r"""What a disk may hold after a power cut: the file operations of a real run, and the images that can be left of them.

`strace` records every operation with its data, in order. A cut comes after any of them. What `fsync` has returned from
is on the disk; the rest is there or not, whole or in part, in any order. Three models, from kind to cruel:

- `ordered`: everything up to the cut, and a part of the write that was going on;
- `synced`: only what was synced, names included: a file whose folder was not synced has no name;
- `torn`: what was synced, and of the rest a random choice: of each block of 512 or 4,096 bytes any of its versions, of
  the new, renamed and removed names any.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

Model = Literal["ordered", "synced", "torn"]
MODELS: tuple[Model, ...] = ("ordered", "synced", "torn")
TRACED = (
    "?open,openat,?creat,write,pwrite64,writev,pwritev,?pwritev2,ftruncate,?truncate,fallocate,fsync,fdatasync,"
    "?rename,renameat,?renameat2,?unlink,unlinkat,?link,linkat,?mkdir,mkdirat,?rmdir,mmap,?copy_file_range,?sendfile"
)
UNKNOWN = frozenset({"writev", "pwritev", "pwritev2", "truncate", "link", "linkat", "copy_file_range", "sendfile"})
_LINE = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$", re.DOTALL)
_RESULT = re.compile(r"\)\s+= ([^)]*(?:\([^)]*\))?[^)]*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HANDLE = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})*)>")
_FOLDER = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>, *$")


class NoTracer(Exception):
    """`strace` is missing, or must not trace here."""


@dataclass(frozen=True)
class Write:
    """Bytes at an offset of a file; `size` is set instead where the file only got this long."""

    file: int
    offset: int
    data: bytes
    size: int | None = None


@dataclass(frozen=True)
class Sync:
    """A file, or the names in a folder, written through."""

    file: int | None = None
    folder: str | None = None


@dataclass(frozen=True)
class Name:
    """A name given to a file, moved from another, or taken away (`file` is None)."""

    path: str
    file: int | None
    earlier: str | None = None


@dataclass(frozen=True)
class Said:
    """What the program said to the outside: an acknowledgement."""

    text: str


Operation = Write | Sync | Name | Said


@dataclass
class Tape:
    """The operations of a run on one folder; `begun` is what the folder held before, by name."""

    begun: dict[str, bytes]
    operations: list[Operation] = field(default_factory=list)

    def acknowledged(self, cut: int) -> str:
        """What the program had said before the cut."""
        return "".join(each.text for each in self.operations[:cut] if isinstance(each, Said))


def record(command: Sequence[str], folder: Path, log: Path, environment: dict[str, str]) -> Tape:
    """Run the command and record what it does to the folder; raises NoTracer where that cannot be done."""
    if shutil.which("strace") is None:
        raise NoTracer("power cuts are rebuilt from a log of strace: apt-get install strace")
    begun = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    tracer = (
        "strace",
        "-f",
        "-y",
        "-xx",
        "-s",
        str(1 << 26),
        "-o",
        str(log),
        "-e",
        f"trace={TRACED}",
        "-e",
        "signal=none",
    )
    done = subprocess.run([*tracer, *command], env=environment, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr and done.returncode:
        raise NoTracer(f"strace must not trace here: {done.stderr.strip()[-200:]}")
    if done.returncode:
        raise AssertionError(f"{command}: {done.stderr[-2000:]}")
    return read_log(log, folder, begun)


def read_log(log: Path, folder: Path, begun: dict[str, bytes]) -> Tape:
    """The operations in a log of strace that concern the folder, and what was written to standard output."""
    reader = _Reader(folder.resolve(), Tape(begun))
    with log.open(encoding="ascii") as lines:
        for call, arguments in read_calls(lines):
            reader.take(call, arguments)
    return reader.tape


def read_calls(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and arguments of each call that succeeded, when it returned."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line.rstrip("\n"))
        if found is None:
            continue
        call, rest = found[1], found[2]
        thread = line.partition(" ")[0]
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>")
            continue
        if "resumed>" in line[:60]:
            rest = begun.pop(thread, "") + rest
        ended = _RESULT.search(rest)
        if ended is None:
            raise AssertionError(f"a line of strace that cannot be read: {line[:200]}")
        if not ended[1].startswith(("-1", "?")):
            yield call, rest[: ended.start()]


class _Reader:
    """Turns calls into operations; knows which file has which name at the moment."""

    def __init__(self, folder: Path, tape: Tape) -> None:
        self.tape = tape
        self._folder = folder
        self._names = {name: number for number, name in enumerate(tape.begun)}
        self._sizes = {number: len(tape.begun[name]) for name, number in self._names.items()}

    def take(self, call: str, arguments: str) -> None:
        handle = _HANDLE.match(arguments)
        target = self._inside(_decode(handle[2]).decode()) if handle else None
        if call == "write" and handle and handle[1] == "1":
            self.tape.operations.append(Said(_texts(arguments)[0].decode()))
        elif call == "mmap":
            self._refuse_shared(arguments)
        elif target is None and call not in {"open", "openat", "creat"} and not self._paths(arguments):
            return
        elif call in UNKNOWN:
            raise AssertionError(f"a call that this disk does not know: {call}({arguments[:200]}")
        elif target is not None and call in {"write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync"}:
            self._change(call, target, arguments)
        else:
            self._rename(call, arguments)

    def _change(self, call: str, target: str, arguments: str) -> None:
        """A write or a sync through a handle; a file that has lost its name leaves nothing."""
        file = self._names.get(target)
        if call in {"fsync", "fdatasync"}:
            self.tape.operations.append(Sync(folder=target) if file is None else Sync(file))
        elif file is not None and call == "fallocate":
            *_, offset, length = arguments.split(", ")
            self._write(Write(file, 0, b"", max(self._sizes[file], int(offset) + int(length))))
        elif file is not None and call == "ftruncate":
            self._write(Write(file, 0, b"", int(arguments.rpartition(", ")[2])))
        elif file is not None:
            data = _texts(arguments)[0]
            offset = int(arguments.rpartition(", ")[2]) if call == "pwrite64" else self._sizes[file]
            self._write(Write(file, offset, data))

    def _write(self, write: Write) -> None:
        self.tape.operations.append(write)
        end = write.offset + len(write.data)
        self._sizes[write.file] = max(self._sizes[write.file], end) if write.size is None else write.size

    def _rename(self, call: str, arguments: str) -> None:
        """A name that a call by path makes, moves or removes."""
        paths = self._paths(arguments)
        if not paths:
            return
        if call in {"open", "openat", "creat"}:
            if paths[0] not in self._names and ("O_CREAT" in arguments or call == "creat"):
                self._name(Name(paths[0], len(self._sizes)))
            if "O_TRUNC" in arguments and self._sizes[self._names[paths[0]]]:
                self._write(Write(self._names[paths[0]], 0, b"", 0))
        elif call.startswith("rename") and len(paths) == 2 and paths[0] in self._names:
            self._name(Name(paths[1], self._names[paths[0]], earlier=paths[0]))
        elif call.startswith("unlink"):
            self._name(Name(paths[0], None))

    def _name(self, name: Name) -> None:
        self.tape.operations.append(name)
        if name.file is not None:
            self._sizes.setdefault(name.file, 0)
        _apply(self._names, name)

    def _refuse_shared(self, arguments: str) -> None:
        """Raise where a file is written through memory, which strace does not see; the index of a WAL is made again."""
        if "PROT_WRITE" in arguments and "MAP_SHARED" in arguments:
            path = _decode(arguments.partition("<")[2].partition(">")[0]).decode(errors="replace")
            if self._inside(path) and not path.endswith("-shm"):
                raise AssertionError(f"{path} is written through memory, which this log does not hold")

    def _paths(self, arguments: str) -> list[str]:
        """The paths in the folder that a call names."""
        paths = []
        for found in _TEXT.finditer(arguments):
            base = _FOLDER.search(arguments[: found.start()])
            path = Path(_decode(base[1]).decode() if base else "/", _decode(found[1]).decode(errors="replace"))
            inside = self._inside(str(path))
            paths += [inside] if inside else []
        return paths

    def _inside(self, path: str) -> str | None:
        """The path in the folder, `.` for itself; None outside, and for a file that was removed."""
        if path.endswith((" (deleted)", "-shm")):
            return None
        try:
            return Path(path).relative_to(self._folder).as_posix()
        except ValueError:
            return None


def rebuild(tape: Tape, cut: int, model: Model, chance: Random, target: Path) -> None:
    """Write into an empty folder what the disk holds after a cut behind so many operations."""
    names = {name: number for number, name in enumerate(tape.begun)}
    contents = {number: bytearray(tape.begun[name]) for name, number in names.items()}
    done = tape.operations[:cut]
    if model == "ordered":
        going_on = tape.operations[cut] if cut < len(tape.operations) else None
        if isinstance(going_on, Write) and going_on.data:
            done = [*done, Write(going_on.file, going_on.offset, going_on.data[: chance.randrange(len(going_on.data))])]
    synced = find_synced(done)
    block = chance.choice((512, 4096))
    loose: dict[int, list[Write]] = {}
    for number, operation in enumerate(done):
        if isinstance(operation, Name):
            if model == "ordered" or number in synced or (model == "torn" and chance.random() < 0.5):
                _apply(names, operation)
        elif isinstance(operation, Write):
            if model == "ordered" or number in synced:
                _put(contents.setdefault(operation.file, bytearray()), operation)
            elif model == "torn":
                loose.setdefault(operation.file, []).append(operation)
    for file, writes in loose.items():
        _tear(contents.setdefault(file, bytearray()), writes, block, chance)
    for name, file in names.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents.get(file, b""))


def find_synced(operations: Sequence[Operation]) -> set[int]:
    """The positions of the operations that a later sync has made durable."""
    synced: set[int] = set()
    files: dict[int, list[int]] = {}
    folders: dict[str, list[int]] = {}
    for number, operation in enumerate(operations):
        if isinstance(operation, Write):
            files.setdefault(operation.file, []).append(number)
        elif isinstance(operation, Name):
            folders.setdefault(Path(operation.path).parent.as_posix(), []).append(number)
        elif isinstance(operation, Sync):
            pending = folders if operation.file is None else files
            synced.update(pending.pop(operation.folder if operation.file is None else operation.file, []))
    return synced


def _tear(content: bytearray, writes: Sequence[Write], block: int, chance: Random) -> None:
    """Give each block one of the versions that it had since the last sync."""
    states = [bytes(content)]
    for write in writes:
        changed = bytearray(states[-1])
        _put(changed, write)
        states.append(bytes(changed))
    changes: dict[int, set[int]] = {}
    for number, (old, new) in enumerate(pairwise(states)):
        longest = max(len(old), len(new))
        write = writes[number]
        first, last = (
            (write.offset, write.offset + len(write.data)) if write.size is None else (min(len(old), len(new)), longest)
        )
        for position in range(first // block, -(-last // block)):
            changes.setdefault(position, {0}).add(number + 1)
    size = len(states[chance.randrange(len(states))])
    torn = bytearray(states[0].ljust(size, b"\0")[:size])
    for position, versions in changes.items():
        start, end = position * block, min((position + 1) * block, size)
        if start < end:
            chosen = states[chance.choice(sorted(versions))][start:end]
            torn[start:end] = chosen.ljust(end - start, b"\0")
    content[:] = torn


def _put(content: bytearray, write: Write) -> None:
    if write.size is not None:
        content[:] = content.ljust(write.size, b"\0")[: write.size]
        return
    end = write.offset + len(write.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    content[write.offset : end] = write.data


def _apply(names: dict[str, int], name: Name) -> None:
    if name.file is None:
        names.pop(name.path, None)
        return
    if name.earlier is not None:
        names.pop(name.earlier, None)
    names[name.path] = name.file


def _decode(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _texts(arguments: str) -> list[bytes]:
    return [_decode(found[1]) for found in _TEXT.finditer(arguments)]
