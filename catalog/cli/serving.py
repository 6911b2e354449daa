"""The library in a browser, and the sample library: `serve`, `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import library_options, library_path
from catalog.web import DEFAULT_PORT

if TYPE_CHECKING:
    from catalog.serving import RunningServer

_port = click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0 for a free one."
)


@click.command()
@_port
@click.option("--allow-sql", is_flag=True, help="Let visitors write SQL, which can only read.")
@click.option("--open", "opens", is_flag=True, help="Show it in the browser at once.")
@library_options
def serve(port: int, allow_sql: bool, opens: bool) -> None:
    """Browse the library in a web browser.

    At an address of this machine only, until Ctrl-C. Visitors can read everything and change nothing.
    """
    from catalog.web.serve import serve as run

    path = library_path()

    def on_ready(server: RunningServer) -> None:
        render.line(f"{path} is at {server.url}, until Ctrl-C")

    run(path, port=port, allow_sql=allow_sql, open_browser=opens, on_ready=on_ready)


@click.command()
@click.option(
    "--directory",
    default="demo-library",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the sample library is made, or kept up to date.",
)
@click.option("--serve/--no-serve", default=True, show_default=True, help="Browse it in the end, until Ctrl-C.")
@_port
def demo(directory: Path, serve: bool, port: int) -> None:
    """Try everything on a sample library.

    Starts a sample server on this machine, syncs its videos, searches them, draws a family tree and serves the library.
    A second run only takes in what is new.
    """
    from catalog.demo.chain import run

    run(directory, serve=serve, port=port, echo=click.echo)
