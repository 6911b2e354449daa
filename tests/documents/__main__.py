"""`python -m tests.documents [--write] [DOCUMENT]...`."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import click

from tests.documents import DOCUMENTS
from tests.documents.desk import make_demo, run_document
from tests.documents.pages import rewrite


@click.command()
@click.argument("paths", nargs=-1, metavar="[DOCUMENT]...", type=click.Path(path_type=Path, exists=True))
@click.option("--write", is_flag=True, help="Write into the documents what the program prints today.")
def main(paths: tuple[Path, ...], write: bool) -> None:
    """Run documents, all of them or those named, and say where they differ from the program.

    The exit status is 1 where one does, or where a step fails; what a step that fails prints is never written.
    """
    chosen = paths or DOCUMENTS
    failing = False
    with tempfile.TemporaryDirectory(prefix="demo") as folder, ThreadPoolExecutor(2) as pool:
        demo = make_demo(Path(folder))
        for path, outcomes in zip(chosen, pool.map(partial(run_document, demo=demo), chosen), strict=True):
            wrong = [outcome for outcome in outcomes if not outcome.is_as_shown]
            left = [outcome for outcome in wrong if outcome.status or not write]
            for outcome in left:
                click.echo(outcome.explain(path.name), err=True)
            failing = failing or bool(left)
            if len(wrong) > len(left):
                path.write_text(rewrite(path.read_text(encoding="utf-8"), outcomes), encoding="utf-8")
                click.echo(f"{path}: {len(wrong) - len(left)} outputs rewritten")
    raise SystemExit(failing)


if __name__ == "__main__":
    main()
