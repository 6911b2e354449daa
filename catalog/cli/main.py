"""The program `catalog`: its verbs, its exit status, and how an error becomes one line.

Help comes from a table, so printing it loads no verb; a verb's module is loaded when the verb is called. The exit
status is 0, 1 when something failed, 2 for a command that cannot be read, 130 after an interruption, 143 and 129 after
the signals TERM and HUP, 141 when nobody reads the output any more.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from catalog import stopping
from catalog.cli.options import DEBUG, library_options
from catalog.cli.render import Interrupted, has_complained, plain
from catalog.cli.streams import OutputLost, drop_output, take_streams
from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 300  # letters of a fault that nobody foresaw
# How the system says so where Python does not raise MemoryError: a library, or a thread, finds no room.
_NO_MEMORY = ("failed to map segment", "annot allocate memory", "can't start new thread")
CLOSED_PIPE = 141  # what a shell reports for a program whose output nobody reads any more

# What is safe when a verb is stopped, or ends by a fault.
_UNCHANGED = stopping.UNCHANGED
_TAKEN_IN = "what has come in is kept, and the next run continues from there"
_RECEIVED = "every delivery that was acknowledged is kept, and the next run retrieves the jobs that wait"
_IMPORTED = "what has been imported is kept, and importing the same again adds only the rest"
_EDITED = (
    "the library is whole, and an edit is made in full or not at all: `catalog history` lists those that were made"
)
_REPLACED = "the library is whole, as it was or as the backup is"
_MIGRATED = "the library is whole, and its backup stands beside it: run `catalog migrate` again"
_ARCHIVED = "what has been read back counts as archived, and the next run continues from there"
_REBUILT = "nothing but derived data is concerned: run `catalog reindex` again"
_CHECKED = "the library is whole, and no file was touched: run `catalog check` again"
_RETIRED = "what is marked stays: run `catalog retire` again"
_MADE = "what is there already is left as it is: run `catalog init` again"
_DOWNLOADED = "what has been downloaded is kept, and the next run fetches the rest"
_FOUND = "what the checks have found is kept, and the next run does the rest"
_SAMPLE = "the sample library stays, and the next run continues with it"


class Verb(NamedTuple):
    """A command: its name, the module of this package that holds it, what it does, and what is safe when it stops."""

    name: str
    module: str
    summary: str
    safe: str = _UNCHANGED


SECTIONS = {
    "Take in": (
        Verb("init", "sources", "Create a library and a commented catalog.toml.", _MADE),
        Verb("sources", "sources", "List the sources and the health of each."),
        Verb("sync", "sources", "Bring the library up to date with its sources.", _TAKEN_IN),
        Verb("add", "sources", "Add jobs by their ids.", _TAKEN_IN),
        Verb("import", "importing", "Import saved files and folders; `-` is standard input.", _IMPORTED),
        Verb("watch", "watching", "Take in clips and pictures as folders get them.", _TAKEN_IN),
        Verb("hooks", "hooks", "Receive webhooks and retrieve the jobs they announce.", _RECEIVED),
    ),
    "Send": (
        Verb("validate", "requests", "Check requests before you send them."),
        Verb("request", "requests", "Write the request that would make a take again."),
    ),
    "Find": (
        Verb("search", "finding", "Find videos by words, fields and tags."),
        Verb("facets", "finding", "Count the values of facets, or give facets to videos.", _EDITED),
        Verb("show", "reading", "Show everything known about videos."),
        Verb("lineage", "families", "Draw the family tree of a video."),
        Verb("audit", "auditing", "Show the trail from the first draft to each video."),
        Verb("diff", "families", "Show how the prompts of two videos differ."),
        Verb("provenance", "credentials", "Show the Content Credentials of videos and files.", _FOUND),
        Verb("changes", "reading", "List how a video has changed since it was first seen."),
        Verb("stats", "reading", "Show the library in numbers."),
        Verb("prompts", "stacking", "List prompts by uses, by what is kept, and by cost."),
    ),
    "Organise": (
        Verb("tag", "editing", "Add tags to videos, or remove them.", _EDITED),
        Verb("rate", "judging", "Rate videos from 1 to 5; 0 takes the rating off.", _EDITED),
        Verb("verdict", "judging", "Keep videos or reject them; undecided takes that back.", _EDITED),
        Verb("note", "judging", "Write a note on videos.", _EDITED),
        Verb("collection", "collecting", "List collections, put videos into them, order them.", _EDITED),
        Verb("saved", "collecting", "List searches that are saved, save one, remove one.", _EDITED),
        Verb("duplicates", "duplicates", "List videos with the same bytes, and those that look alike."),
        Verb("link", "editing", "Link videos to what they were made from.", _EDITED),
        Verb("unlink", "editing", "Take links of yours off videos.", _EDITED),
        Verb("adopt", "adopting", "Give files without a job to the jobs that they are of.", _EDITED),
        Verb("delete", "editing", "Hide videos behind tombstones.", _EDITED),
        Verb("undelete", "editing", "Bring hidden videos back.", _EDITED),
        Verb("history", "editing", "List what you edited, newest first."),
        Verb("undo", "editing", "Undo your newest edits.", _EDITED),
        Verb("redo", "editing", "Redo what was undone last.", _EDITED),
    ),
    "Keep": (
        Verb(
            "download",
            "downloading",
            "Download clips and pictures before their addresses expire.",
            _DOWNLOADED,
        ),
        Verb("rescue", "downloading", "List what is not downloaded yet, worst first."),
        Verb("check", "checking", "Check the library and its files.", _CHECKED),
        Verb("trust", "credentials", "List, add, remove or update trust lists."),
        Verb("retire", "checking", "Retire a source whose server has gone, or soon will.", _RETIRED),
        Verb("archive", "archiving", "Copy the files to S3 and read them back, or bring them back.", _ARCHIVED),
        Verb("backup", "upkeep", "Back up the library, even while it is in use."),
        Verb("restore", "upkeep", "Replace the library with a backup.", _REPLACED),
        Verb("migrate", "upkeep", "Upgrade an old library to this version.", _MIGRATED),
        Verb("reindex", "upkeep", "Rebuild derived data.", _REBUILT),
    ),
    "Browse": (
        Verb("serve", "serving", "Browse the library in a web browser."),
        Verb("demo", "serving", "Try everything on a sample library.", _SAMPLE),
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
        stopping.promise(VERBS[str(name)].safe)
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
            from catalog.redaction import redact_text

            raise click.ClickException(redact_text(plain(error))) from error
        except KeyboardInterrupt:
            stopping.settle()
            raise _stopped() from None
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            raise _Fault from error
        if stopping.status():
            raise _stopped()
        ctx.exit(has_complained(ctx))


class _Fault(Exception):
    """Carries an error of a verb past click, which would pass over some."""


def _stopped() -> Interrupted:
    """How a verb ends that was told to: with what is safe."""
    return Interrupted(stopping.ending(), stopping.status() or stopping.INTERRUPTED)


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
    """Run the program on the arguments of the process; whatever goes wrong ends it with a status and one line."""
    take_streams()
    stopping.take_signals()
    try:
        if "_CATALOG_COMPLETE" in os.environ:
            import_module("catalog.cli.shells")
        try:
            cli(prog_name="catalog")
        finally:
            sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the last net
        sys.exit(_explain(error.__cause__ if isinstance(error, _Fault) and error.__cause__ else error))


def _explain(error: BaseException) -> int:
    """Print what ended the program and what is safe, and return its exit status."""
    drop_output()
    if os.environ.get(DEBUG):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, OutputLost) and error.is_unread:
        return CLOSED_PIPE
    error.__traceback__ = error.__context__ = None  # they hold what has filled the memory
    click.echo(f"Error: {plain(_describe(error))}; {stopping.safe()}", err=True)
    return 1


def _describe(error: BaseException) -> str:
    """What an error means that no part of the program foresaw, on one line."""
    if isinstance(error, OutputLost):
        return str(error)
    text = " ".join(str(error)[: 4 * _LONGEST].split())
    if isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY):
        return "there is not enough memory"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    from catalog.redaction import redact_text

    fault = redact_text(f"{type(error).__name__}: {text}")[:_LONGEST]
    return f"an unexpected fault, which `catalog --debug` shows in full: {fault}"
