"""The file of a video in its folder, in the window of the desktop: where the server runs on the visitor's machine.

Which file it is says the library; a request names the video alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from shutil import which
from threading import Thread
from typing import TYPE_CHECKING

from catalog.controls import plain
from catalog.web.gallery.visits import Refused, as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalog.records import Video
    from catalog.web.gallery.visits import Answer, Visit

_WAIT = 3.0  # seconds in which an opener says that it cannot; some run for as long as their window is open


def show(visit: Visit) -> Answer:
    """Show the file of the video that the body names, `{ref}`, in its folder; raises Refused, and says why."""
    if not visit.is_local:
        raise Refused(HTTPStatus.FORBIDDEN, "only a server that listens on this machine alone opens folders on it")
    ref = visit.read_json().get("ref")
    if not isinstance(ref, str):
        raise Refused(HTTPStatus.BAD_REQUEST, "name a video: {ref}")
    path = find_path(visit.catalog.get(ref))
    if path is None:
        raise Refused(HTTPStatus.CONFLICT, "no file of this video is here")
    file = Path(path).absolute()
    if not file.is_file():
        raise Refused(HTTPStatus.CONFLICT, "the file is not where it was")
    _open(choose_command(file))
    return as_json({"said": "shown in its folder", "path": plain(path)})


def find_path(video: Video) -> str | None:
    """Where the bytes of the job's first file lie, of those that are here."""
    return next((file.path for file in video.files if file.path and file.variant in {"video", "image"}), None)


def choose_command(
    path: Path, platform: str = sys.platform, find: Callable[[str], str | None] = which
) -> tuple[str, ...]:
    """The command that shows the file, by its absolute path; raises Refused where this system has none."""
    name, *options = {"darwin": ("open", "-R"), "win32": ("explorer", "/select,")}.get(platform, ("xdg-open",))
    program = find(name)
    if program is None:
        raise Refused(HTTPStatus.CONFLICT, f"this system has no {name}")
    return program, *options, os.fspath(path if options else path.parent)


def _open(command: Sequence[str]) -> None:
    """Start an opener; raises Refused where it says within a moment that it cannot."""
    name = Path(command[0]).stem
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Refused(HTTPStatus.CONFLICT, f"{name} cannot be started: {error.strerror}") from error
    try:
        status = process.wait(_WAIT)
    except subprocess.TimeoutExpired:
        Thread(target=process.wait, name="opener", daemon=True).start()  # or its entry stays when it has ended
        return
    if status and name != "explorer":  # which says 1 where all is well
        raise Refused(HTTPStatus.CONFLICT, f"{name} found nothing that shows folders (it ended with {status})")
