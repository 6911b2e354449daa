"""Documents that run: every block of README.md and docs/ is executed, and what it prints is compared with the page.

    python -m tests.documents                         says where a page and the program differ
    python -m tests.documents --write                 writes into the pages what the program prints today
    python -m tests.documents --write docs/search.md  into this one only

A document runs from top to bottom in a copy of the folder that `catalog demo` makes, its server running and its key
set, with the files of `docs/examples/` beside the library. The kind of a block says what happens to it:

- `console`: lines that begin with `$ ` run in one shell for the whole document, `> ` continues one; each command has to
  succeed. Below it stands what it prints; `...` stands for any number of lines. Of a command that ends in `&`, the
  runner waits for the lines that are shown.
- `python`: runs in one interpreter for the whole document; a `text` block right below it is what it prints.
- `toml`: is appended to the file that its first line names, and the program has to accept that file.
- `text`: is not run.

A printed line and a shown one are equal when they are after `MASKS`, which hide what no two runs share.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
