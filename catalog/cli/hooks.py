"""The receiver of webhooks: `hooks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import complete_sources, library_options, open_catalog, port_option
from catalog.hooks import DEFAULT_PORT, DEFAULT_SECRET_ENV

if TYPE_CHECKING:
    from catalog.hooks import Receiver


@click.command()
@click.option(
    "--source",
    metavar="NAME",
    shell_complete=complete_sources,
    help="The source that sends them; may be left out where only one is configured.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@port_option(DEFAULT_PORT)
@click.option(
    "--secret-env",
    "secret_env",
    multiple=True,
    default=(DEFAULT_SECRET_ENV,),
    show_default=True,
    metavar="NAME",
    help="The environment variable that holds a signing secret; repeatable while secrets are rotated.",
)
@click.option("--download", is_flag=True, help="Download the files of each job as soon as it has completed.")
@library_options
def hooks(source: str | None, host: str, port: int, secret_env: tuple[str, ...], download: bool) -> None:
    """Receive webhooks and retrieve the jobs they announce.

    Accepts signed deliveries at /webhook, keeps each before it answers, and asks the source for the job until it has
    ended. Runs until Ctrl-C; the next run continues with whatever is still waiting.
    """

    def on_ready(receiver: Receiver) -> None:
        render.announce(f"listening for webhooks at {receiver.url}/webhook, until Ctrl-C")

    with open_catalog() as catalog:
        catalog.hooks(
            source,
            host=host,
            port=port,
            secret_env=secret_env,
            download=download,
            on_ready=on_ready,
            on_event=render.note,
        )
