"""The command reference of the README, made of what `--help` says.

    python -m catalog.cli.reference --check README.md       fails where the README lags behind the program
    python -m catalog.cli.reference --write README.md       brings it up to date

It stands between two comments, BEGIN and END below, which the README must hold.
"""

from __future__ import annotations

from pathlib import Path

import click

from catalog.cli.main import SECTIONS, cli, load
from catalog.errors import CatalogError

BEGIN = "<!-- command reference: begin, written by python -m catalog.cli.reference --write README.md -->"
END = "<!-- command reference: end -->"
_WIDTH = 100


def write_reference() -> str:
    """The help of the program and of every verb, as Markdown."""
    parts = ["### catalog", _help(cli, "catalog")]
    for verbs in SECTIONS.values():
        for verb in verbs:
            parts += [f"### catalog {verb.name}", _help(load(verb), f"catalog {verb.name}")]
    return "\n\n".join(parts)


def place_reference(text: str) -> str:
    """The README with the reference of this version in its place; raises CatalogError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise CatalogError(f"no place for the command reference: the file must hold {BEGIN} and, below it, {END}")
    return f"{before}{BEGIN}\n\n{write_reference()}\n\n{END}{after}"


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--write/--check", default=False, help="Write the reference, or fail where it is not up to date.")
def main(path: Path, write: bool) -> None:
    """Keep the command reference of a README up to date."""
    text = path.read_text(encoding="utf-8")
    try:
        wanted = place_reference(text)
    except CatalogError as error:
        raise click.ClickException(f"{path}: {error}") from error
    if text == wanted:
        return
    if not write:
        raise click.ClickException(f"{path} lags behind --help: run python -m catalog.cli.reference --write {path}")
    path.write_text(wanted, encoding="utf-8")


def _help(command: click.Command, name: str) -> str:
    settings = {**cli.context_settings, "terminal_width": _WIDTH}
    with click.Context(command, info_name=name, **settings) as context:
        return f"```text\n{command.get_help(context).rstrip()}\n```"


if __name__ == "__main__":
    main()
