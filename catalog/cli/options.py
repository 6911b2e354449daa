"""The options that commands share: which library, which settings, which videos."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from catalog.cli.completion import complete_refs
from catalog.cli.render import complain
from catalog.disk import open_file, read_whole
from catalog.errors import CatalogError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.api import Catalog
    from catalog.settings import Settings

    Answer = TypeVar("Answer")
    Decorated = TypeVar("Decorated", bound=Callable[..., Any])

DEBUG = "CATALOG_DEBUG"  # the environment variable that `--debug` sets, for this process and those that it starts

_PATHS = "catalog.cli.paths"
_PATH_OPTIONS = {
    "--db": "The library; default: CATALOG_DB, else catalog.db here.",
    "--config": "The settings; default: CATALOG_CONFIG, else catalog.toml beside the library, else here.",
}


def library_options(command: Decorated) -> Decorated:
    """Add `--db`, `--config` and `--debug`, which may stand before the verb and after it; the last one counts."""
    kind = click.Path(path_type=Path)
    command = debug_option(command)
    for name, text in reversed(_PATH_OPTIONS.items()):
        command = click.option(name, type=kind, expose_value=False, callback=_remember, metavar="PATH", help=text)(
            command
        )
    return command


def debug_option(command: Decorated) -> Decorated:
    """Add `--debug`."""
    text = "Show the traceback of a fault that nobody foresaw."
    return click.option("--debug", is_flag=True, expose_value=False, callback=_debug, help=text)(command)


def json_option(command: Decorated) -> Decorated:
    """Add `--json`, which a command takes as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def port_option(default: int) -> Callable[[Decorated], Decorated]:
    """Add `--port`."""
    kind = click.IntRange(0, 65535)
    return click.option(
        "--port", default=default, show_default=True, type=kind, help="The port to listen on; 0 picks a free one."
    )


def refs_argument(command: Decorated) -> Decorated:
    """Add one or more refs, which a command takes as `refs`."""
    return click.argument("refs", nargs=-1, required=True, metavar="REF...", shell_complete=complete_refs)(command)


def library_path() -> Path:
    """The library that the options or the environment name."""
    from catalog.api import default_path

    return _paths().get("db") or default_path()


def config_path() -> Path | None:
    """The settings file that the options or the environment name; None where they name none."""
    named = _paths().get("config") or os.environ.get("CATALOG_CONFIG")
    return Path(named) if named else None


def read_settings() -> Settings:
    """The settings of the library that the options or the environment name; raises ConfigError."""
    from catalog.settings import find_file, load_settings

    return load_settings(find_file(library_path(), config_path()))


def open_catalog() -> Catalog:
    """The library that the command is about, whether there is one or not."""
    from catalog.api import Catalog

    return Catalog.open(library_path(), config=config_path(), via="shell")


def read_refs(refs: Iterable[str]) -> list[str]:
    """The refs in order, each once; `-` stands for the lines of standard input."""
    return list(dict.fromkeys(name for ref in refs for name in (read_lines("-") if ref == "-" else [ref])))


@contextmanager
def open_input(path: str) -> Iterator[BinaryIO]:
    """The bytes of a file, or of standard input for `-`; raises CatalogError where they cannot be read."""
    try:
        if path == "-":
            yield sys.stdin.buffer
        else:
            with open_file(path) as stream:
                yield stream
    except OSError as error:
        raise CatalogError(f"cannot read {path}: {error.strerror or error}") from error


def read_lines(path: str) -> list[str]:
    """The lines of a file or of standard input without the blank ones; what is not UTF-8 is replaced."""
    with open_input(path) as stream:
        text = read_whole(stream).decode("utf-8-sig", "replace")
    return [line.strip() for line in text.split("\n") if line.strip()]


def attempt(refs: Iterable[str], verb: Callable[[str], Answer]) -> Iterator[Answer]:
    """The verb's answer for each ref; a ref that names no video is reported, and the others go on."""
    for ref in refs:
        try:
            answer = verb(ref)
        except NotFound as error:
            if error.ref is None:  # it is the library that is missing
                raise
            complain(error)
        else:
            yield answer


def complete_sources(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The names of configured sources that begin with what is typed, for the shell."""
    with ctx, suppress(CatalogError):
        return [name for name in read_settings().sources if name.startswith(incomplete)]
    return []


def _debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        os.environ[DEBUG] = "1"


def _remember(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.meta.setdefault(_PATHS, {})[param.name] = value


def _paths() -> dict[str, Path]:
    paths: dict[str, Path] = click.get_current_context().meta.get(_PATHS, {})
    return paths
