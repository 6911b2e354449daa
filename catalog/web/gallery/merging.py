"""Several prompts as one text: what all of them say stands once, what only some say is marked with whose it is."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts import PromptDiff

_WORD = re.compile(r"\w")


class Stretch(NamedTuple):
    """A stretch of the merged text, and the numbers, from 1, of the prompts that have it; empty stands for all."""

    text: str
    numbers: tuple[int, ...]

    @property
    def is_removed(self) -> bool:
        """Whether the first prompt has it and others do not."""
        return 1 in self.numbers


def merge_prompts(first: str, diffs: Sequence[PromptDiff]) -> list[Stretch]:
    """The first prompt merged with those that it was compared with, in their order.

    Leaving out all stretches without a prompt's number gives that prompt.
    """
    cuts = {0, len(first)}
    kept: list[list[tuple[int, int]]] = []  # for each other prompt, the parts of the first one that it shares
    added: dict[int, dict[str, list[int]]] = defaultdict(dict)  # by place in the first prompt, what others say there
    for number, diff in enumerate(diffs, 2):
        place, shared = 0, []
        for same, removed, other in _list_turns(diff):
            shared.append((place, place + len(same)))
            place += len(same + removed)
            cuts |= {place, place - len(removed)}
            if other:
                added[place].setdefault(other, []).append(number)
        kept.append(shared)
    places = sorted(cuts)
    merged: list[Stretch] = []
    for start, end in zip(places, [*places[1:], len(first)], strict=True):
        merged += [Stretch(text, tuple(numbers)) for text, numbers in added[start].items()]
        having = [number for number, shared in enumerate(kept, 2) if any(a <= start and end <= b for a, b in shared)]
        merged.append(Stretch(first[start:end], () if len(having) == len(diffs) else (1, *having)))
    return _join(merged)


def _list_turns(diff: PromptDiff) -> list[tuple[str, str, str]]:
    """The diff as what is the same, and what the first and the other prompt say after it, over and over.

    Blanks and signs that stand alone between changes belong to them: marked word by word, nobody could read it.
    """
    turns = [("", "", "")]
    for change in diff.words:
        same, removed, other = turns[-1]
        if change.kind == "removed":
            turns[-1] = (same, removed + change.text, other)
        elif change.kind == "added":
            turns[-1] = (same, removed, other + change.text)
        else:
            turns.append((change.text, "", ""))
    joined = turns[:1]
    for same, removed, other in turns[1:]:
        before, gone, come = joined[-1]
        if (gone or come) and (removed or other) and not _WORD.search(same):
            joined[-1] = (before, gone + same + removed, come + same + other)
        else:
            joined.append((same, removed, other))
    return joined


def _join(stretches: Sequence[Stretch]) -> list[Stretch]:
    joined: list[Stretch] = []
    for each in stretches:
        if not each.text:
            continue
        if joined and joined[-1].numbers == each.numbers:
            joined[-1] = Stretch(joined[-1].text + each.text, each.numbers)
        else:
            joined.append(each)
    return joined
