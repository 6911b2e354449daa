"""Finds the files that an import reads: those named, and in folders those with a known suffix, each once, by name.

Who hands over a folder decides what lies in it, not what else of this machine is read: a symbolic link in it that leads
out of it is left out, unless the user says otherwise. What the user names may be a link.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from catalog.disk import MOST_READ, NOT_REGULAR, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence

    ReadBeside = Callable[[Path], bytes | None]

STANDARD_INPUT = "-"
SIDECARS = frozenset({".json", ".txt"})
CLIPS = frozenset({".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi"})
MEDIA = CLIPS | {".gif", ".webp", ".png", ".jpg", ".jpeg"}
MAX_BESIDE = MOST_READ  # bytes of a file beside a clip; a manifest may lie there under the clip's name
MAX_NAMED = 100  # files of each kind whose paths are kept; all are counted


@dataclass(frozen=True, slots=True)
class Scanned:
    """A file to read and the clip that it lies beside, or the problem that prevents reading it.

    `is_named` says that the user named it, not a folder that it lies in, `is_among_clips` that clips lie around it.
    `read_beside(path)` returns the bytes of a small file beside the clip.
    """

    path: Path
    media: Path | None = None
    problem: str | None = None
    is_named: bool = False
    is_among_clips: bool = False
    read_beside: ReadBeside = lambda _path: None


class Others:
    """What is not read: clips that nothing lies beside, files of other kinds, and links that lead out of the folder."""

    def __init__(self) -> None:
        self.ignored = 0
        self.lone_clips = 0
        self.left_out = 0
        self.paths: list[str] = []
        self.clips: list[str] = []
        self.outside: list[str] = []

    def add(self, label: str, name: str, names: Container[str]) -> None:
        """Add a file by its name among those in its folder; one that a sidecar describes is not among the others."""
        if any(map(names.__contains__, _sidecars_of(name))):
            return
        is_clip = PurePath(name).suffix.lower() in CLIPS
        self.lone_clips += is_clip
        self.ignored += not is_clip
        paths = self.clips if is_clip else self.paths
        if len(paths) < MAX_NAMED:
            paths.append(label)

    def leave_out(self, label: str) -> None:
        """Add a link that is not followed."""
        self.left_out += 1
        if len(self.outside) < MAX_NAMED:
            self.outside.append(label)


class _Siblings:
    """The names in a folder, read once for all the files in it that are named one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.names = frozenset(os.listdir(folder))  # noqa: PTH208 - names are what is asked for
        except OSError:
            self.names = frozenset()

    @cached_property
    def has_media(self) -> bool:
        return any(PurePath(name).suffix.lower() in MEDIA for name in self.names)

    @cached_property
    def sidecars(self) -> Mapping[str, Sequence[str]]:
        """The sidecars of each clip, by name."""
        sidecars: dict[str, list[str]] = {}
        for name in sorted(self.names):
            media = media_of(name, self.names)
            if media is not None:
                sidecars.setdefault(media, []).append(name)
        return sidecars


class Scan:
    """Walks the paths; in folders it takes files with these suffixes, and adds the other ones to `others`.

    Links that lead out of a folder are followed only with `follows_links`. Of files in folders, only those `among` are
    read. Who `leaves_media` to somebody else hears nothing of clips and pictures in folders, and finds those that were
    named in `media`.
    """

    def __init__(
        self,
        paths: Iterable[str | os.PathLike[str]],
        suffixes: Container[str],
        *,
        follows_links: bool = False,
        among: Container[Path] | None = None,
        leaves_media: bool = False,
    ) -> None:
        self.paths = [Path(path) for path in paths]
        self.suffixes = suffixes
        self.follows_links = follows_links
        self.others = Others()
        self.media: list[Path] = []
        self._among = among
        self._leaves_media = leaves_media
        self._seen: set[tuple[int, int]] = set()
        self._siblings: _Siblings | None = None

    @property
    def folders(self) -> list[Path]:
        """The folders that were named."""
        return [path for path in self.paths if path.is_dir()]

    def __iter__(self) -> Iterator[Scanned]:
        for path in self.paths:
            if str(path) == STANDARD_INPUT:
                yield Scanned(path, is_named=True)
            elif path.is_dir():
                yield from self._scan_folder(path)
            else:
                yield from self._scan_named(path)

    def _scan_named(self, path: Path) -> Iterator[Scanned]:
        """A file that the user named, whatever its suffix; for a clip, its sidecars."""
        if path.suffix.lower() not in MEDIA | SIDECARS:
            yield from self._check(path, (), path.parent, is_named=True)
            return
        siblings = self._siblings_of(path)
        if path.suffix.lower() in SIDECARS:
            yield from self._check(path, siblings.names, path.parent, is_named=True, is_among_clips=siblings.has_media)
            return
        sidecars = siblings.sidecars.get(path.name, ())
        for name in sidecars:
            sidecar = path.with_name(name)
            if self._leads_out(sidecar, path.parent):
                self.others.leave_out(str(sidecar))
            else:
                yield from self._check(sidecar, siblings.names, path.parent)
        if self._leaves_media and path.exists():
            self.media.append(path)
        elif not sidecars:
            yield Scanned(path, problem="no .json or .txt lies beside the clip" if path.exists() else "no such file")

    def _siblings_of(self, path: Path) -> _Siblings:
        if self._siblings is None or self._siblings.folder != path.parent:
            self._siblings = _Siblings(path.parent)
        return self._siblings

    def _scan_folder(self, folder: Path) -> Iterator[Scanned]:
        stack = [folder]
        while stack:
            current = stack.pop()
            try:
                if not self._is_new(current.stat()):
                    continue
                names = set(os.listdir(current))  # noqa: PTH208 - names are what is asked for
            except OSError as error:
                yield Scanned(current, problem=explain(error))
                continue
            folders = []
            for name in sorted(names):
                path = current / name
                if is_hidden(name):
                    continue
                is_folder = path.is_dir()
                if not is_folder and not self._reads(path, names):
                    continue
                if self._leads_out(path, folder):
                    self.others.leave_out(str(path))
                elif is_folder:
                    folders.append(path)
                else:
                    yield from self._check(path, names, folder)
            stack += reversed(folders)

    def _reads(self, path: Path, names: Container[str]) -> bool:
        """Whether a file in a folder is to be read; one of another kind is told of."""
        suffix = path.suffix.lower()
        if suffix in self.suffixes:
            return self._among is None or path in self._among
        if not (self._leaves_media and suffix in MEDIA):
            self.others.add(str(path), path.name, names)
        return False

    def _leads_out(self, path: Path, folder: Path) -> bool:
        """Whether the path is a link to something outside of the folder, and links are not to be followed there."""
        if self.follows_links or not path.is_symlink():
            return False
        return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))

    def _check(
        self,
        path: Path,
        names: Collection[str],
        folder: Path,
        *,
        is_named: bool = False,
        is_among_clips: bool = False,
    ) -> Iterator[Scanned]:
        try:
            status = path.stat()
        except OSError as error:
            yield Scanned(path, problem=explain(error))
            return
        if not stat.S_ISREG(status.st_mode):
            yield Scanned(path, problem=NOT_REGULAR)
        elif self._is_new(status):
            name = media_of(path.name, names)
            media = path.with_name(name) if name else None

            def read(beside: Path) -> bytes | None:
                return None if self._leads_out(beside, folder) else read_beside(beside)

            yield Scanned(path, media, is_named=is_named, is_among_clips=is_among_clips, read_beside=read)

    def _is_new(self, status: os.stat_result) -> bool:
        """Whether this file or folder was not seen before, under any name: symbolic links may form a circle."""
        identity = status.st_dev, status.st_ino
        if identity in self._seen:
            return False
        self._seen.add(identity)
        return True


def is_hidden(name: str) -> bool:
    """Whether a file or folder is one that programs keep for themselves."""
    return name.startswith(".") or name == "__MACOSX"


def media_of(name: str, names: Container[str]) -> str | None:
    """The clip among `names` that a sidecar belongs to: `clip.json` or `clip.mp4.json` to `clip.mp4`."""
    bare = PurePath(name)
    stem = bare.stem
    if bare.suffix.lower() not in SIDECARS:
        return None
    if stem in names and PurePath(stem).suffix.lower() in MEDIA:
        return stem
    spellings = (stem + suffix for media in sorted(MEDIA) for suffix in (media, media.upper()))
    return next((candidate for candidate in spellings if candidate in names), None)


def _sidecars_of(name: str) -> Iterator[str]:
    """The names that a sidecar of this file may have; none where the file is neither a clip nor a picture."""
    path = PurePath(name)
    if path.suffix.lower() in MEDIA:
        suffixes = (suffix for sidecar in SIDECARS for suffix in (sidecar, sidecar.upper()))
        yield from (stem + suffix for suffix in suffixes for stem in (path.stem, path.name))


def read_beside(path: Path) -> bytes | None:
    """The bytes of a small file beside a clip, None where there is none or it cannot be read."""
    try:
        return read_file(path)
    except OSError:
        return None


def explain(error: OSError) -> str:
    """What the system says of a file that cannot be read."""
    return (error.strerror or type(error).__name__).lower()
