"""The library in a browser, and the sample library: `serve`, `demo`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import debug_option, library_options, library_path, port_option
from catalog.web import DEFAULT_PORT

if TYPE_CHECKING:
    from catalog.serving import RunningServer


@click.command()
@port_option(DEFAULT_PORT)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option("--allow-sql", is_flag=True, help="Let visitors run SQL of their own, read-only.")
@click.option("--open", "opens", is_flag=True, help="Open the browser at once.")
@library_options
def serve(port: int, host: str, allow_sql: bool, opens: bool) -> None:
    """Browse the library in a web browser.

    Runs until Ctrl-C. Open the address that is printed: it carries a token, without which pages show everything and
    change nothing. Other machines reach the server only with --host, and see nothing without the token.
    """
    from catalog.web.front import make_token
    from catalog.web.serve import LOOPBACK, address_of
    from catalog.web.serve import serve as run

    path, token = library_path(), make_token()

    def on_ready(server: RunningServer) -> None:
        if host not in LOOPBACK:
            render.note(
                f"{host} can be reached from other machines: whoever has the address below may see and edit all"
            )
        render.announce(f"serving {path} until Ctrl-C at {address_of(server, token)}")

    run(path, port=port, host=host, allow_sql=allow_sql, token=token, open_browser=opens, on_ready=on_ready)


@click.command()
@click.option(
    "--directory",
    default="demo-library",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to create the sample library, or update it.",
)
@click.option("--serve/--no-serve", default=True, show_default=True, help="Serve it at the end, until Ctrl-C.")
@port_option(DEFAULT_PORT)
@debug_option
def demo(directory: Path, serve: bool, port: int) -> None:
    """Try everything on a sample library.

    Starts a sample server on this machine, syncs its videos, searches them, draws a family tree and serves the library.
    Run it again, and it syncs only what is new.
    """
    from catalog.demo.chain import run

    run(directory, serve=serve, port=port, echo=click.echo, program=_program())


def _program() -> list[str]:
    """How this program is called from any folder: `catalog` where the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    if called.name != "catalog" or not called.exists():
        return [sys.executable, "-m", "catalog"]
    found = shutil.which("catalog")
    return ["catalog"] if found and called.samefile(found) else [str(called.absolute())]
