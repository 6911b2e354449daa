"""The program `catalog`: its verbs, its exit status, and how an error becomes one line.

Help comes from a table, so printing it loads no verb; a verb's module is loaded when the verb is called. The exit
status is 0, 1 when something failed, 2 for a command that cannot be read, 130 after an interruption.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from catalog.cli.options import library_options
from catalog.cli.render import Interrupted, has_complained, plain
from catalog.errors import CatalogError
from catalog.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED_PIPE = 141  # what a shell reports for a program whose output nobody reads any more


class Verb(NamedTuple):
    """A command: its name, the module of this package that holds it, and what it does in one line."""

    name: str
    module: str
    summary: str


SECTIONS = {
    "Take in": (
        Verb("init", "sources", "Create a library and a commented catalog.toml."),
        Verb("sources", "sources", "List the sources and the health of each."),
        Verb("sync", "sources", "Bring the library up to date with its sources."),
        Verb("add", "sources", "Add jobs by their ids."),
        Verb("import", "importing", "Import saved files and folders; `-` is standard input."),
        Verb("hooks", "hooks", "Receive webhooks and retrieve the jobs they announce."),
    ),
    "Send": (Verb("validate", "requests", "Check requests before you send them."),),
    "Find": (
        Verb("search", "finding", "Find videos by words, fields and tags."),
        Verb("facets", "finding", "Count the values of facets, or give facets to videos."),
        Verb("show", "reading", "Show everything known about videos."),
        Verb("lineage", "families", "Draw the family tree of a video."),
        Verb("diff", "families", "Show how the prompts of two videos differ."),
        Verb("changes", "reading", "List how a video has changed since it was first seen."),
        Verb("stats", "reading", "Show the library in numbers."),
    ),
    "Organise": (
        Verb("tag", "editing", "Add tags to videos, or remove them."),
        Verb("delete", "editing", "Hide videos behind tombstones."),
        Verb("undelete", "editing", "Bring hidden videos back."),
        Verb("history", "editing", "List what you edited, newest first."),
        Verb("undo", "editing", "Undo your newest edits."),
        Verb("redo", "editing", "Redo what was undone last."),
    ),
    "Keep": (
        Verb("backup", "upkeep", "Back up the library, even while it is in use."),
        Verb("restore", "upkeep", "Replace the library with a backup."),
        Verb("migrate", "upkeep", "Upgrade an old library to this version."),
        Verb("reindex", "upkeep", "Rebuild derived data."),
    ),
    "Browse": (
        Verb("serve", "serving", "Browse the library in a web browser."),
        Verb("demo", "serving", "Try everything on a sample library."),
    ),
}
VERBS = {verb.name: verb for verbs in SECTIONS.values() for verb in verbs}


class Program(click.Group):
    """A group that knows its commands by name and summary, and loads only the one that is called."""

    def __init__(self, **settings: Any) -> None:
        summaries = {verb.name: click.Command(verb.name, short_help=verb.summary) for verb in VERBS.values()}
        super().__init__(commands=summaries, **settings)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load(VERBS[str(name)]), rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, VERBS))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(verb.name.ljust(width), verb.summary) for verb in verbs])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            super().invoke(ctx)
        except CatalogError as error:
            raise click.ClickException(redact_text(plain(error))) from error
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        except BrokenPipeError:
            _discard_output()
            ctx.exit(CLOSED_PIPE)
        ctx.exit(has_complained(ctx))


def load(verb: Verb) -> click.Command:
    """The command of a verb, its module loaded."""
    module = import_module(f"catalog.cli.{verb.module}")
    commands: Iterator[click.Command] = (value for value in vars(module).values() if isinstance(value, click.Command))
    return next(command for command in commands if command.name == verb.name)


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\
    A REF names a video: SOURCE:ID, its ID alone, an alias, or the beginning of any of these that
    matches no other video, with at least four characters after a prefix such as `video_`.

    \b
    Shell completion, for bash, zsh and fish:
      eval "$(_CATALOG_COMPLETE=bash_source catalog)"    in ~/.bashrc
      eval "$(_CATALOG_COMPLETE=zsh_source catalog)"     in ~/.zshrc
      _CATALOG_COMPLETE=fish_source catalog | source     in ~/.config/fish/config.fish
    """,
)
@click.version_option(package_name="video-catalog", message="%(prog)s %(version)s")
@library_options
def cli() -> None:
    """A local catalog and search engine for AI-generated video."""


def main() -> None:
    """Run the program on the arguments of the process."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "_CATALOG_COMPLETE" in os.environ:
        import_module("catalog.cli.shells")
    cli(prog_name="catalog")


def _discard_output() -> None:
    """Discard what is still buffered: Python would complain about the closed pipe on exit."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
