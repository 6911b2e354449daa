"""What files say of themselves, as readers get it. Records like those of `records`; nobody has signed any of it."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.records import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FileMark(Record):
    """A label in a file, not signed: anybody can write one. `carrier` is the part that holds it, `key` its name there.

    `kind` is aigc, platform, iptc, workflow, tool or hint. `claims` are what it says of the file: `ai` that it was
    generated, `aigc`, `platform` and `iptc` which kind of label says something; `tool` is the program whose settings it
    is. A value that `is_truncated` is only the beginning, one that `is_broken` does not parse. `size` is bytes in the
    file, None where an older version read it. A workflow has the `sha256` of its text in place of a value.
    """

    kind: str
    carrier: str
    key: str
    value: str | None
    is_broken: bool = False
    is_truncated: bool = False
    claims: tuple[str, ...] = ()
    tool: str | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Workflow(Record):
    """The text of a workflow as it stands in a file of a video, and where: the file, the part of it, its name there.

    `key` is `workflow` for what ComfyUI's page shows, `prompt` for the graph that it ran. `size` is bytes. One that
    `is_broken` is not the JSON of either. `others` counts what else there is in the files of the video.
    """

    variant: str
    number: int
    carrier: str
    key: str
    content: str
    size: int
    sha256: str
    is_broken: bool = False
    others: int = 0
