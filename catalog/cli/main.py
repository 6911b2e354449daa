"""The program `catalog`: its verbs, its exit status, and the one place where errors become lines.

Its help is drawn from a table, so that it loads no verb; a verb's module is loaded when the verb is called. The exit
status is 0, 1 when something failed, 2 for a command that cannot be read, 130 when it was interrupted.
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

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED_PIPE = 141  # what a shell reports of a program that ended because nobody reads its output


class Verb(NamedTuple):
    """A command: its name, the module of this package that holds it, and what it does in one line."""

    name: str
    module: str
    summary: str


SECTIONS = {
    "Take in": (
        Verb("init", "sources", "Make a library and a commented catalog.toml."),
        Verb("sources", "sources", "List the sources and how each of them fares."),
        Verb("sync", "sources", "Bring the library up to date with its sources."),
        Verb("add", "sources", "Take in jobs by their ids."),
        Verb("import", "importing", "Take in what was saved: files, folders, and `-` for standard input."),
        Verb("hooks", "hooks", "Receive webhooks, and retrieve the jobs they speak of."),
    ),
    "Send": (Verb("validate", "requests", "Check requests before they are sent."),),
    "Find": (
        Verb("search", "finding", "Find videos by words, fields and tags."),
        Verb("facets", "finding", "Count the values of facets."),
        Verb("show", "reading", "Show all that is known of videos."),
        Verb("lineage", "reading", "Draw the family tree of a video."),
        Verb("diff", "reading", "Show what changed from one video's prompt to another's."),
        Verb("changes", "reading", "List what moved on a video since it was first seen."),
        Verb("stats", "reading", "Show the library in numbers."),
    ),
    "Organise": (
        Verb("tag", "editing", "Put tags on videos, or take them off."),
        Verb("delete", "editing", "Hide videos behind tombstones."),
        Verb("undelete", "editing", "Take the tombstones off videos."),
        Verb("history", "editing", "List what you edited, newest first."),
        Verb("undo", "editing", "Undo your newest edits."),
        Verb("redo", "editing", "Redo what was undone last."),
    ),
    "Keep": (
        Verb("backup", "upkeep", "Copy the library while it is in use."),
        Verb("restore", "upkeep", "Put a backup in the place of the library."),
        Verb("migrate", "upkeep", "Bring an old library up to this version."),
        Verb("reindex", "upkeep", "Make derived data anew."),
    ),
    "Browse": (
        Verb("serve", "serving", "Browse the library in a web browser."),
        Verb("demo", "serving", "Try everything on a sample library."),
    ),
}
VERBS = {verb.name: verb for verbs in SECTIONS.values() for verb in verbs}


class Program(click.Group):
    """A group that knows its commands by name and summary, and loads the one that is called."""

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
            raise click.ClickException(plain(error)) from error
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        except BrokenPipeError:
            _let_go_of_output()
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
    A REF names a video: SOURCE:ID, or its ID or another of its names alone, or the beginning of any
    of these that fits no other video, with at least four characters after words such as `video_`.

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
    cli(prog_name="catalog")


def _let_go_of_output() -> None:
    """Send what is still buffered nowhere: Python would complain of the closed pipe when it ends."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
