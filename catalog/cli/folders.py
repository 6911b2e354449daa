"""What became of the clips and pictures of a folder, in lines: for `import` and `watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.cli import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.file_reports import FolderReport

_NAMED = 5  # files of each kind that are named
_OTHER = "of another kind"  # which an import tells of itself


def show_folder(folder: FolderReport) -> None:
    """Print what a scan of a folder did, where it did anything."""
    if folder.state == "online" and (folder.files or folder.missing or folder.missed):
        render.line((folder.path, "name"), f": {_sum_up(folder)}")
    for reason, count in sorted(folder.skipped.items()):
        if reason != _OTHER:
            paths = folder.examples.get(reason, ())
            render.note(f"{folder.path}: {render.amount(count, 'file')} passed over ({reason}): {_some(paths, count)}")
    if folder.growing:
        render.note(
            f"{folder.path}: {render.amount(folder.growing, 'file')} not finished, tried again by the next scan:"
        )
        _list(folder.unfinished, folder.growing)
    if folder.damaged:
        render.note(f"{folder.path}: {render.amount(len(folder.damaged), 'file')} taken in as damaged:")
        _list(folder.damaged, len(folder.damaged))


def complain_of(folder: FolderReport) -> None:
    """Print what could not be read of a folder, as errors."""
    if folder.state == "offline":
        render.complain(f"{folder.path} {folder.reason}: it is offline, and nothing in it is marked")
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


def _list(reasons: Mapping[str, str], count: int) -> None:
    for path, reason in list(reasons.items())[:_NAMED]:
        render.note(f"  {path} {reason}")
    if count > _NAMED:
        render.note(f"  and {count - _NAMED:,} more")


def _some(paths: tuple[str, ...], count: int) -> str:
    return ", ".join(paths[:_NAMED]) + (", …" if count > _NAMED else "")
