"""The library as a file: `backup`, `restore`, `migrate`, `reindex`."""

from __future__ import annotations

from pathlib import Path

import click

from catalog.cli import render
from catalog.cli.options import library_options, library_path, open_catalog

_DERIVED = {
    "fts": "the full-text index",
    "facets": "what prompts ask for",
    "costs": "the estimates of costs, by today's prices",
}


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@library_options
def backup(path: Path | None) -> None:
    """Copy the library while it is in use.

    To PATH, which must be new, else beside the library under a name with the time. The copy is itself a library.
    """
    with open_catalog() as catalog:
        render.line(f"made {catalog.backup(path)}")


@click.command()
@click.argument("copy", metavar="BACKUP", type=click.Path(path_type=Path))
@library_options
def restore(copy: Path) -> None:
    """Put a backup in the place of the library.

    The library as it was is first copied beside it, as a restore point.
    """
    from catalog.api import Catalog

    path = library_path()
    point = Catalog.restore(copy, path)
    render.line(f"restored {path} from {copy}")
    if point:
        render.line(f"the library as it was before: {point}")


@click.command()
@library_options
def migrate() -> None:
    """Bring an old library up to this version.

    After a backup beside it.
    """
    from catalog.api import Catalog

    path = library_path()
    done = Catalog.migrate(path)
    if done.before == done.after:
        render.line(f"{path} is up to date: schema {done.after}")
    else:
        render.line(f"{path} has gone from schema {done.before} to {done.after}")
    if done.backup:
        render.line(f"the library as it was before: {done.backup}")


@click.command()
@click.option("--fts", is_flag=True, help=f"Make {_DERIVED['fts']} anew.")
@click.option("--facets", is_flag=True, help=f"Make {_DERIVED['facets']} anew.")
@click.option("--costs", is_flag=True, help=f"Make {_DERIVED['costs']} anew.")
@library_options
def reindex(**named: bool) -> None:
    """Make derived data anew.

    Only what is named, else everything. It is made of what the library keeps; nothing else changes.
    """
    with open_catalog() as catalog, render.progress() as on_progress:
        catalog.reindex(**named, on_progress=on_progress)
        made = [_DERIVED[name] for name in named if named[name] or not any(named.values())]
        render.line(f"made anew in {catalog.path}: {', '.join(made)}")
