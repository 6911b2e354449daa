"""A page of Markdown: what it runs, what it shows, and whether that is what was printed. Nothing here runs anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = frozenset({"console", "python", "toml", "text"})
ANY_LINES = "..."
MASKS = (
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"), "<time>"),
    (re.compile(r"\b20\d\d-\d\d\b"), "<month>"),
    (re.compile(r"\b20\d{6}T\d{6}Z"), "<stamp>"),
    (re.compile(r"\bin \d+(?:\.\d+)? s\b(?: \((?:\w+ \d+\.\d s(?:, )?)+\))?"), "in <duration>"),
    (re.compile(r"(?<=--after )\S+"), "<cursor>"),
    (re.compile(r"(?<=/\?token=)\S+"), "<token>"),
    (re.compile(r"(?<=: )\d+(?= finished videos will expire)"), "<some>"),
    # What a sync finds changed are jobs that have come a little further since the one before.
    (re.compile(r": (?:nothing new; |0 added, \d+ changed, )\d+ unchanged(?=, \d+ unfinished)"), ": <news>"),
)


class DocumentError(Exception):
    """A document is written in a way that this module does not understand."""


class Block(NamedTuple):
    """A fenced block: its kind, its lines, and the index of the first of them in the document."""

    kind: str
    lines: list[str]
    start: int


class Step(NamedTuple):
    """A command or a Python block, and the lines of the document that show what it prints.

    `shown` is None where no block for its output follows.
    """

    kind: str
    code: str
    line: int
    shown: list[str] | None
    start: int


@dataclass(frozen=True)
class Outcome:
    """A step that was run: what it printed, and its exit status."""

    step: Step
    printed: list[str]
    status: int = 0

    @property
    def is_as_shown(self) -> bool:
        return self.status == 0 and agree(self.step.shown or [], self.printed)

    def explain(self, document: str) -> str:
        """What differs, for a person."""
        shown, printed = ("\n".join(f"    {line}" for line in lines) for lines in (self.step.shown or [], self.printed))
        return (
            f"{document}:{self.step.line}: exit status {self.status}\n  {self.step.code}\n"
            f"  shown:\n{shown}\n  printed:\n{printed}"
        )


# Reading a document


def read_blocks(text: str) -> list[Block]:
    """The fenced blocks of a document; raises DocumentError for a kind that is not known."""
    blocks: list[Block] = []
    inside: Block | None = None
    for index, line in enumerate(text.splitlines()):
        fence = re.match(r"\s*(?:```|~~~)(.*)", line)
        if inside is not None:
            if fence:
                blocks.append(inside)
                inside = None
            else:
                inside.lines.append(line)
        elif fence:
            if fence[1] not in KINDS or not line.startswith("```"):
                raise DocumentError(f"line {index + 1}: a block is one of {', '.join(sorted(KINDS))}, not {line!r}")
            inside = Block(fence[1], [], index + 1)
    if inside is not None:
        raise DocumentError(f"line {inside.start}: the block has no end")
    return blocks


def read_steps(text: str) -> list[Step]:
    """What a document runs, in its order."""
    lines = text.splitlines()
    blocks = read_blocks(text)
    steps: list[Step] = []
    for block, after in pairwise([*blocks, None]):
        end = block.start + len(block.lines)
        if block.kind == "console":
            steps += _read_commands(block)
        elif block.kind == "python":
            output = after if after and after.kind == "text" and not "".join(lines[end + 1 : after.start - 1]) else None
            shown, start = (output.lines, output.start) if output else (None, end + 1)
            steps.append(Step("python", "\n".join(block.lines), block.start + 1, shown, start))
        elif block.kind == "toml":
            steps.append(Step("toml", "\n".join(block.lines), block.start + 1, None, end + 1))
    return steps


def _read_commands(block: Block) -> Iterator[Step]:
    starts = [index for index, line in enumerate(block.lines) if line.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise DocumentError(f"line {block.start}: a console block begins with a command, `$ ...`")
    for start, end in pairwise([*starts, len(block.lines)]):
        code = [block.lines[start][2:]]
        while start + len(code) < end and block.lines[start + len(code)].startswith("> "):
            code.append(block.lines[start + len(code)][2:])
        first = start + len(code)
        shown = block.lines[first:end]
        while shown and not shown[-1].strip():
            shown.pop()
        yield Step("console", "\n".join(code), block.start + start + 1, shown, block.start + first)


# Comparing


def masked(line: str) -> str:
    """The line without what no two runs share."""
    for pattern, name in MASKS:
        line = pattern.sub(name, line)
    return line.rstrip()


def agree(shown: list[str], printed: list[str]) -> bool:
    """Whether the printed lines are the shown ones, where `...` stands for any number of lines."""
    wanted = "".join(r"(?:.*\n)*?" if line.strip() == ANY_LINES else re.escape(masked(line)) + r"\n" for line in shown)
    return re.fullmatch(wanted, "".join(f"{masked(line)}\n" for line in printed)) is not None


def rewritten(shown: list[str], printed: list[str]) -> list[str]:
    """The printed lines as the document shows them: cut where `...` stood, with as many lines before and after it."""
    cuts = [index for index, line in enumerate(shown) if line.strip() == ANY_LINES]
    if not cuts:
        return printed
    before, after = cuts[0], len(shown) - cuts[-1] - 1
    if len(printed) <= before + after:
        return printed
    return [*printed[:before], shown[cuts[0]], *printed[len(printed) - after :]]


def rewrite(text: str, outcomes: Iterable[Outcome]) -> str:
    """The document with the output of each step as it is now.

    What agrees with the page stays to the letter, and so does what is shown of a step that failed.
    """
    lines = text.splitlines()
    for outcome in sorted(outcomes, key=lambda outcome: outcome.step.start, reverse=True):
        step = outcome.step
        if outcome.is_as_shown or outcome.status:
            continue
        if step.shown is None:
            lines[step.start : step.start] = ["", "```text", *outcome.printed, "```"]
        else:
            lines[step.start : step.start + len(step.shown)] = rewritten(step.shown, outcome.printed)
    return "\n".join(lines) + "\n"
