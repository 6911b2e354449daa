"""The library as a file: `backup`, `restore`, `migrate`, `reindex`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import json_option, library_options, library_path, open_catalog
from catalog.errors import needs_media
from catalog.file_reports import MarksRead, PicturesMade

if TYPE_CHECKING:
    from catalog.upkeep_reports import Reindexed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.upkeep_reports import MediaCopy

_NAMED = 5  # files that did not come along which are named; further ones are counted
_DERIVED = {
    "rows": "the rows of videos",
    "links": "where links lead",
    "fts": "the full-text index",
    "bitmaps": "the bitmaps that counts are made of",
    "facets": "the facets of prompts",
    "stacks": "the stacks of takes",
    "costs": "the estimated costs",
    "pictures": "the thumbnails and sheets of frames that were lacking",
    "marks": "what files say of themselves, where that was not read",
}


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--media", is_flag=True, help="Take the files of the library along, into the media folder beside PATH.")
@click.option("--no-folders", is_flag=True, help="With --media: leave out files in watched and imported folders.")
@json_option
@library_options
def backup(path: Path | None, media: bool, no_folders: bool, as_json: bool) -> None:
    """Back up the library, even while it is in use.

    Writes PATH, which must not exist; where it is a folder, a file in it that is named after the time, and without it
    such a file beside the library. The backup is itself a library.

    With --media, PATH lies in another folder. Only files that are not there yet are copied, and each is hashed on its
    way; several backups in one folder share their media. A file that is missing or damaged is told, and the exit status
    is then 1. Files that lie in watched and imported folders come along too, and stay where they are.
    """
    if no_folders and not media:
        raise click.UsageError("--no-folders goes with --media")
    copies: list[MediaCopy] = []
    with open_catalog() as catalog, render.progress() as on_progress:
        copy = catalog.backup(
            path, media=media, folders=not no_folders, on_media=copies.append, on_progress=on_progress
        )
    if as_json:
        render.document({"path": str(copy), "media": copies[0] if copies else None})
    else:
        render.line(f"created {copy}")
    _show_media(copies, as_json=as_json)


@click.command()
@click.argument("copy", metavar="BACKUP", type=click.Path(path_type=Path))
@json_option
@library_options
def restore(copy: Path, as_json: bool) -> None:
    """Replace the library with a backup.

    Copies the current library beside it first, as a restore point. Where the backup has a media folder beside it, puts
    back what is missing of its files; whole files stay as they are. Files that lay in a watched or imported folder, and
    lie there no longer, come back into the media folder.
    """
    from catalog.api import Catalog

    path = library_path()
    copies: list[MediaCopy] = []
    with render.progress() as on_progress:
        point = Catalog.restore(copy, path, on_media=copies.append, on_progress=on_progress)
    if as_json:
        media = copies[0] if copies else None
        render.document({"path": str(path), "restore_point": str(point) if point else None, "media": media})
    else:
        render.line(f"restored {path} from {copy}")
        if point:
            render.line(f"the library as it was before: {point}")
    _show_media(copies, as_json=as_json)


def _show_media(copies: Sequence[MediaCopy], *, as_json: bool) -> None:
    """Print what became of the media, where they came along; what did not makes the exit status 1."""
    for media in copies:
        if not as_json:
            copied = f"{media.copied:,} copied ({render.volume(media.bytes)})" if media.copied else "none to copy"
            render.line(f"media in {media.folder}: {render.amount(media.files, 'file')}, {copied}")
            if media.left:
                files = render.amount(media.left, "file")
                render.line(f"left out: {files} in watched and imported folders")
        for fault in media.faults[:_NAMED]:
            render.complain(f"{fault.ref} {fault.variant}: {fault.reason} ({fault.path})")
        if media.failed > _NAMED:
            render.complain(f"{media.failed - _NAMED:,} more files could not be copied")


@click.command()
@library_options
def migrate() -> None:
    """Upgrade an old library to this version.

    Makes a backup beside it first.
    """
    from catalog.api import Catalog

    path = library_path()
    with render.progress() as on_progress:
        done = Catalog.migrate(path, on_progress=on_progress)
    if done.before == done.after:
        render.line(f"{path} is up to date: schema {done.after}")
    else:
        render.line(f"upgraded {path} from schema {done.before} to {done.after}")
    if done.backup:
        render.line(f"the library as it was before: {done.backup}")


@click.command()
@click.option("--rows", is_flag=True, help=f"Rebuild {_DERIVED['rows']}, from the answers that the library kept.")
@click.option("--links", is_flag=True, help="Rebuild where links lead, and those of credentials.")
@click.option("--fts", is_flag=True, help=f"Rebuild {_DERIVED['fts']}.")
@click.option("--bitmaps", is_flag=True, help=f"Rebuild {_DERIVED['bitmaps']}.")
@click.option("--facets", is_flag=True, help="Read the prompts that the current vocabulary has not read yet.")
@click.option("--stacks", is_flag=True, help=f"Rebuild {_DERIVED['stacks']}.")
@click.option("--costs", is_flag=True, help=f"Rebuild {_DERIVED['costs']}, at current prices.")
@click.option("--pictures", is_flag=True, help="Make the thumbnails and sheets of frames that files lack.")
@click.option("--marks", is_flag=True, help="Read the labels and workflows in files that were not read for them.")
@click.option("--all", "all_prompts", is_flag=True, help="With --facets: read all prompts again.")
@json_option
@library_options
def reindex(as_json: bool, **named: bool) -> None:
    """Rebuild derived data.

    Without options, rebuilds everything that derives from what the library keeps. Nothing else changes, except that
    with the rows a configured key is cut out of the answers that older versions kept with it.
    """
    if (
        named["all_prompts"]
        and not named["facets"]
        and any(named[name] for name in ("rows", "links", "fts", "bitmaps", "stacks", "costs", "pictures", "marks"))
    ):
        raise click.UsageError("--all goes with --facets")
    with open_catalog() as catalog, render.progress() as on_progress:
        report = catalog.reindex(**named, on_progress=on_progress)
    if as_json:
        render.document(report)
        return
    render.line(f"rebuilt in {library_path()}: {', '.join(_DERIVED[name] for name in report.rebuilt)}")
    _remark(report)


def _remark(report: Reindexed) -> None:
    """What came of it, beside that it is rebuilt."""
    if report.cleaned:
        render.note(
            f"a configured key was cut out of {render.amount(report.cleaned, 'row')}; backups made before still hold it"
        )
    if report.prices_changed:
        render.note_costs(report.costs_changed)
    elif report.costs_changed is not None:
        render.note(f"{render.amount(report.costs_changed, 'cost')} changed")
    if report.pictures and report.pictures != PicturesMade():
        _note_pictures(report.pictures)
    if report.marks and report.marks != MarksRead():
        left = f", {report.marks.left:,} could not be read now" if report.marks.left else ""
        render.note(f"{render.amount(report.marks.files, 'file')} read for labels and workflows{left}")
    if report.prompts_read is not None:
        hint = "" if report.prompts_read else ": the current vocabulary has read all, and --all reads them again"
        render.note(f"{render.amount(report.prompts_read, 'prompt')} read in {render.describe_time(report)}{hint}")


def _note_pictures(pictures: PicturesMade) -> None:
    failed = f", {pictures.failed:,} could not be made" if pictures.failed else ""
    render.note(f"{render.amount(pictures.made, 'picture')} made{failed}")
    if pictures.waiting:
        render.note(f"{render.amount(pictures.waiting, 'picture')} wait: {needs_media('a picture of a clip')}")
