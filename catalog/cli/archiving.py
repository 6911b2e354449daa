"""The archive of the bytes: `archive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_query
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from catalog.file_reports import ArchiveReport


@click.command()
@click.argument("address_and_query", nargs=-1, metavar="[s3://BUCKET/PREFIX] [QUERY]", shell_complete=complete_query)
@click.option("--restore", "is_back", is_flag=True, help="Bring back what lies here no longer.")
@click.option("--drop-local", is_flag=True, help="Remove the local bytes of what was read back.")
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, 64), help="How many files at once.")
@json_option
@library_options
def archive(address_and_query: tuple[str, ...], is_back: bool, drop_local: bool, jobs: int, as_json: bool) -> None:
    """Copy the files to S3 and read them back, or bring them back.

    Every file is hashed before it is sent, and the copy is read back and compared before it counts as archived:
    `is:archived` then finds its video. Objects are named by the hash of their bytes and never written over. Without
    QUERY, all files are meant, those in watched and imported folders too; thumbnails and spritesheets that were made
    here can be made again and stay out. --drop-local removes from the media folder alone.

    The server and the credentials come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and,
    for R2, MinIO and the like, AWS_ENDPOINT_URL.

    \b
      catalog archive s3://studio-archive/clips
      catalog archive s3://studio-archive/clips 'created:..2026-06' --drop-local
      catalog archive --restore 'tag:campaign=launch'
    """
    if is_back:
        if drop_local:
            raise click.UsageError("--restore brings back, --drop-local removes: choose one")
        if any(word.startswith("s3://") for word in address_and_query):
            raise click.UsageError("--restore takes a QUERY only: the library knows where each file is")
        query = " ".join(address_and_query) or None
        with open_catalog() as catalog, render.progress() as on_progress:
            report = catalog.unarchive(query, jobs=jobs, on_progress=on_progress)
    else:
        if not address_and_query:
            raise click.UsageError("name the archive: s3://BUCKET/PREFIX")
        address, *words = address_and_query
        with open_catalog() as catalog, render.progress() as on_progress:
            report = catalog.archive(
                address, " ".join(words) or None, drop_local=drop_local, jobs=jobs, on_progress=on_progress
            )
    if as_json:
        render.document(report)
    else:
        _show(report)
    for name, reason in report.failed.items():
        render.complain(f"{name}: {reason}")


def _show(report: ArchiveReport) -> None:
    files = render.amount(report.copied, "file")
    moved = f"{files} ({render.volume(report.bytes)}) in {report.seconds:.1f} s"
    if report.address is None:
        render.line(f"brought back {moved}")
        return
    there = f"; {report.already:,} were there already" if report.already else ""
    render.line(f"archived {moved} at {report.address}, each read back{there}")
    if report.dropped:
        render.line(f"removed the local bytes of {render.amount(report.dropped, 'file')}: `catalog archive --restore`")
    if report.stayed:
        render.line(f"{render.amount(report.stayed, 'file')} in folders of yours stayed where they are")
