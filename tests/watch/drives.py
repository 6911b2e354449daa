"""Drives that come and go, and disks that are full, for whoever runs the tests.

Root or not, one may mount what one likes within name spaces of one's own. Where a container forbids these too, a drive
is a folder that is put in the place of another one, while the library is made to remember another device; and a disk is
full where a limit on the size of files says so.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog.database import connect
from tests.house import wait_until

if TYPE_CHECKING:
    from pathlib import Path

_IN_FOLDER = 'cd "$1" && shift && exec "$@"'


class Drives:
    """Two drives, `first` and `other`, of which one at a time can be plugged in at `clips`, and `disk`, with a library.

    `catalog` runs in `home`, in their name spaces; `disk` holds so many kB until `make_room`.
    """

    def __init__(self, home: Path, *, disk_kb: int = 20_000, has_spaces: bool = True) -> None:
        self.home = home
        self.clips, self.disk, self.library = home / "clips", home / "disk", home / "disk" / "catalog.db"
        self._room: int | None = disk_kb * 1024
        self._plugged: str | None = None
        self._started: list[subprocess.Popen[str]] = []
        self._holder = _hold_spaces() if has_spaces else None
        for name in ("clips", "disk", "first", "other"):
            (home / name).mkdir()
        if self._holder:
            for name in ("first", "other"):
                self._do("mount", "-t", "tmpfs", "tmpfs", home / name)
            self._do("mount", "-t", "tmpfs", "-o", f"size={disk_kb}k", "tmpfs", self.disk)

    @property
    def is_mounting(self) -> bool:
        """Whether these are mounts."""
        return self._holder is not None

    def close(self) -> None:
        """Let go of all of them."""
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        if self._holder:
            self._holder.kill()
            self._holder.communicate()

    def put(self, name: str, content: bytes, drive: str = "first") -> None:
        """Write a file onto a drive, whether it is plugged in or not."""
        made = self.home / "made"
        made.write_bytes(content)
        folder = self.clips if drive == self._plugged and not self._holder else self.home / drive
        self._do("mv", made, folder / name)

    def plug_in(self, name: str = "first") -> None:
        """Put a drive in the place of the folder, or of the drive that is there."""
        self.unplug()
        if self._holder:
            self._do("mount", "--bind", self.home / name, self.clips)
        else:
            self.clips.rmdir()
            (self.home / name).rename(self.clips)
            self._say_device(is_other=name == "other")
        self._plugged = name

    def unplug(self) -> None:
        """Leave an empty folder in the place of the drive."""
        if not self._plugged:
            return
        if self._holder:
            wait_until(lambda: self._run("umount", self.clips).returncode == 0)
        else:
            self.clips.rename(self.home / self._plugged)
            self.clips.mkdir()
        self._plugged = None

    def _say_device(self, *, is_other: bool) -> None:
        """Let the library have been scanned on the device that it lies on, or on another one."""
        if self.library.exists():
            device = self.clips.stat().st_dev + is_other
            connection = connect(self.library)
            connection.execute("UPDATE roots SET device = ?", (device,))
            connection.close()

    def make_room(self) -> None:
        """Let the disk hold what comes."""
        self._room = None
        if self._holder:
            self._do("mount", "--options-source", "disable", "-o", "remount,size=64m", self.disk)
        for process in self._started:
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def catalog(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `catalog` to its end."""
        return self._run(*self._catalog(*words), **self._limits())

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `catalog`, which is killed at the end."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(
            self._command(*self._catalog(*words)), start_new_session=True, **pipes, **self._limits()
        )
        self._started.append(process)
        return process

    def _catalog(self, *words: str) -> tuple[str | Path, ...]:
        return sys.executable, "-m", "catalog", *words, "--db", self.library

    def _limits(self) -> dict[str, Any]:
        if self._holder or self._room is None:
            return {}
        return {"preexec_fn": partial(resource.setrlimit, resource.RLIMIT_FSIZE, (self._room, resource.RLIM_INFINITY))}

    def _command(self, *words: str | Path) -> list[str | Path]:
        spaces = ["nsenter", "-t", str(self._holder.pid), "-U", "-m", "--preserve-credentials"] if self._holder else []
        return [*spaces, "sh", "-c", _IN_FOLDER, "sh", self.home, *words]

    def _run(self, *words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self._command(*words), capture_output=True, text=True, check=False, **options)

    def _do(self, *words: str | Path) -> None:
        done = self._run(*words)
        assert done.returncode == 0, done.stderr


def _hold_spaces() -> subprocess.Popen[str] | None:
    """A process that holds name spaces of users and mounts open; None where one gets none, or may not mount in them."""
    script = "mount -t tmpfs tmpfs /mnt && echo held && exec cat"
    try:
        holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except FileNotFoundError:
        return None
    assert holder.stdout
    if holder.stdout.readline().strip() == "held":
        return holder
    holder.kill()
    holder.communicate()
    return None
