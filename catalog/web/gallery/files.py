"""The files of a video in words: what they are, where they lie, what they say of themselves, why one is not shown."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.controls import plain
from catalog.records import Probe
from catalog.web.gallery.phrases import figure, moment, volume
from catalog.web.gallery.tiles import EXTENSIONS, media_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.credential_reports import Provenance
    from catalog.mark_reports import FileMark
    from catalog.records import File, Video

MARKS = 20  # of a file that are shown
CHECKS = 20  # earlier checks of its credentials
_LONGEST_MARK = 300  # characters


class Whereabouts(NamedTuple):
    """A place of a file: its path, and what is known of the bytes there."""

    path: str
    state: str
    since: str | None


class Checked(NamedTuple):
    """A check of a file: when, what it found, with which trust lists, and why that is other than the one before's."""

    moment: str
    words: str
    lists: str
    moved: str | None


class Described(NamedTuple):
    """A file: what it is, where it lies, and what it says of itself, signed and unsigned."""

    heading: str
    name: str | None
    media: str | None
    facts: str
    fault: str | None
    places: tuple[Whereabouts, ...]
    archives: tuple[str, ...]
    credentials: str | None
    signer: str | None
    checked: Checked | None
    earlier: tuple[Checked, ...]
    older: int
    marks: tuple[str, ...]
    more_marks: int


def list_checks(provenance: Provenance) -> dict[tuple[str | None, int], list[Checked]]:
    """The checks of each file that was checked as it is now, newest first, by its variant and number."""
    return {
        (file.variant, file.number): [
            Checked(moment(each.checked_at) or "", each.words, ", ".join(map(plain, each.lists)), each.moved)
            for each in reversed(file.history)
        ]
        for file in provenance.files
        if file.check
    }


def describe_file(file: File, checks: Sequence[Checked] = ()) -> Described:
    """A file in words, with the checks of its credentials, newest first."""
    said = file.credentials
    fault = None if file.state == "present" else ": ".join(filter(None, (file.state, plain(file.reason or ""))))
    return Described(
        heading=file.variant if file.number == 1 else f"{file.variant} {file.number}",
        name=file.name and plain(file.name),
        media=media_name(file),
        facts=_sum_up(file),
        fault=fault,
        places=tuple(Whereabouts(plain(each.path), each.state, moment(each.changed_at)) for each in file.places),
        archives=tuple(map(plain, file.archives)),
        credentials=said.words if said else None,
        signer=plain(said.signer) if said and said.signer else None,
        checked=checks[0] if said and checks else None,
        earlier=tuple(checks[1 : 1 + CHECKS]),
        older=max(0, len(checks) - 1 - CHECKS),
        marks=tuple(map(describe_mark, file.marks[:MARKS])),
        more_marks=max(0, len(file.marks) - MARKS),
    )


def _sum_up(file: File) -> str:
    """`2.1 MB, video/mp4, 4 s, 1280x720, 24 fps, h264, aac`."""
    probe = file.probe or Probe()
    seconds, fps = figure(probe.seconds), figure(probe.fps)
    parts = (
        volume(file.size),
        file.type,
        seconds and f"{seconds} s",
        size_of(probe),
        fps and f"{fps} fps",
        probe.codec,
        probe.audio,
    )
    return ", ".join(part for part in parts if part)


def size_of(probe: Probe) -> str | None:
    return f"{probe.width}x{probe.height}" if probe.width and probe.height else None


def describe_mark(mark: FileMark) -> str:
    """`aigc, says that it is generated: {"Label":"1"} (AIGC in moov/udta/meta)`."""
    words = [mark.tool or mark.kind if mark.kind == "tool" else mark.kind]
    words += [name for name, is_so in (("broken", mark.is_broken), ("cut", mark.is_truncated)) if is_so]
    if "ai" in mark.claims:
        words.append("says that it is generated")
    if mark.kind == "workflow":
        words += [word for word in (mark.tool, volume(mark.size)) if word]
    value = plain(mark.value or "")
    value = f"{value[:_LONGEST_MARK]}…" if len(value) > _LONGEST_MARK else value
    return f"{', '.join(words)}{f': {value}' if value else ''} ({plain(mark.key)} in {plain(mark.carrier)})"


def find_shown(video: Video) -> list[File]:
    """The clips and pictures of a job that its page can show, or say where they were."""
    made = [file for file in video.files if file.variant in {"video", "image"}]
    return sorted(made, key=lambda file: media_name(file) is None)


def why_unseen(video: Video, file: File | None) -> list[str]:
    """In lines, why the bytes of a file cannot be shown; empty where they can."""
    if file is None:
        return _why_none(video)
    path = file.path
    if path is not None:
        if not Path(path).is_file():
            folder = (
                "It is not there" if Path(path).parent.is_dir() else "Its folder is not there: is the drive connected?"
            )
            return [f"The file is not where it was: {plain(path)}", folder, "`catalog check` looks where it is."]
        if file.type not in EXTENSIONS:
            return [f"Browsers do not show {file.type or 'files of this kind'}.", plain(path)]
        return []
    lines = [f"The bytes are {file.state}: {plain(file.reason)}"] if file.reason else []
    for place in file.places:
        since = f", noted {moment(place.changed_at)}" if place.changed_at else ""
        what = "on a drive or in a folder that is not connected" if place.state == "offline" else "not found there"
        lines.append(f"{plain(place.path)}: {what}{since}.")
    lines += [f"An archive holds it: {plain(address)}" for address in file.archives]
    return lines or [f"The bytes are {file.state}, and lie in no place that is known."]


def _why_none(video: Video) -> list[str]:
    if video.status == "failed":
        why = ": ".join(filter(None, (video.error_code, video.error_message)))
        return [f"This job failed: {plain(why)}" if why else "This job failed."]
    if not video.is_terminal:
        progress = f", {figure(video.progress)} %" if video.progress else ""
        return [f"This job is {video.status.replace('_', ' ')}{progress}."]
    if video.status != "completed":
        return [f"This job is {video.status}."]
    if video.gone_at:
        return ["Its bytes were never fetched, and the provider does not have them any more."]
    until = f" The addresses work until {moment(video.expires_at)}." if video.expires_at else ""
    return [f"Its bytes were not fetched yet.{until}", f"catalog download {shlex.quote(f'id:{video.remote_id}')}"]
