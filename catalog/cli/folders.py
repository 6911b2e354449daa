"""What became of the clips and pictures of a folder, in lines: for `import` and `watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.cli import render

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog.file_reports import FolderReport

_NAMED = 5  # files of each kind that are named
_UNREAD = "cannot be read"  # how the reason begins where there is nothing to accept
_OTHER = "of another kind"  # which an import tells of itself


def show_folder(folder: FolderReport) -> None:
    """Print what a scan of a folder did, where it did anything."""
    if folder.state == "online" and (folder.files or folder.missing or folder.missed):
        render.line((folder.path, "name"), f": {_sum_up(folder)}")


def show_remarks(folder: FolderReport, said: set[tuple[str, ...]] | None = None) -> None:
    """Remark on what was not taken in, or not as it should be; but not on what was `said`."""
    note_once(_list_remarks(folder), said)


def note_once(remarks: Iterable[tuple[str, ...]], said: set[tuple[str, ...]] | None) -> None:
    """Print remarks of one or more lines, but for those that were `said`, and add them there."""
    for lines in remarks:
        if said is None or lines not in said:
            for text in lines:
                render.note(text)
        if said is not None:
            said.add(lines)


def _list_remarks(folder: FolderReport) -> Iterator[tuple[str, ...]]:
    """What was not taken in, or not as it should be, and why."""
    for reason, count in sorted(folder.skipped.items()):
        if reason != _OTHER:
            paths = _some(folder.examples.get(reason, ()), count)
            yield (f"{folder.path}: {render.amount(count, 'file')} passed over ({reason}): {paths}",)
    if folder.growing:
        files = render.amount(folder.growing, "file")
        first = f"{folder.path}: {files} not finished, tried again by the next scan:"
        yield (first, *_list(folder.unfinished, folder.growing))
    if folder.damaged:
        files = render.amount(len(folder.damaged), "file")
        yield (f"{folder.path}: {files} taken in as damaged:", *_list(folder.damaged, len(folder.damaged)))


def complain_of(folder: FolderReport) -> None:
    """Print what could not be read of a folder, as errors."""
    if folder.state == "offline":
        hint = "" if (folder.reason or "").startswith(_UNREAD) else "; `catalog watch DIR --accept` takes it as it is"
        render.complain(f"{folder.path} {folder.reason}: it is offline, and nothing in it is marked{hint}")
    for name, reason in folder.unread.items():
        render.complain(f"{folder.path}/{name}: {reason}")


def _sum_up(folder: FolderReport) -> str:
    counts = {
        "new": folder.made,
        "of known jobs": folder.joined,
        "further copies": folder.copies,
        "moved": folder.moved,
        "missing": folder.missing,
        "not found, for the first time": folder.missed,
    }
    parts = [f"{count:,} {name}" for name, count in counts.items() if count]
    return ", ".join([render.amount(folder.files, "file"), *(parts or ["nothing new"])])


def _list(reasons: Mapping[str, str], count: int) -> Iterator[str]:
    for path, reason in list(reasons.items())[:_NAMED]:
        yield f"  {render.plain(path)} {reason}"
    if count > _NAMED:
        yield f"  and {count - _NAMED:,} more"


def _some(paths: tuple[str, ...], count: int) -> str:
    return ", ".join(paths[:_NAMED]) + (", …" if count > _NAMED else "")
