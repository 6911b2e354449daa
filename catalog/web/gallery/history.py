"""What the user edited, as steps to go back to: one edit each, or many of one kind in quick succession."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.web.gallery import pages
from catalog.web.gallery.edits import name_edits
from catalog.web.gallery.phrases import amount, moment
from catalog.web.gallery.visits import page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.reports import Edit
    from catalog.web.gallery.visits import Answer, Visit

SHOWN = 200  # edits
_PAUSE = timedelta(minutes=2)  # after which the same act is another step
_VERBS = {"rate": "rated", "verdict": "judged", "tag": "tagged", "untag": "untagged", "delete": "hid"}
_VERBS |= {"undelete": "showed", "note": "noted on", "collect": "put", "uncollect": "took"}


class Step(NamedTuple):
    """Edits of one kind that followed each other: `undo` and `redo` are how many edits it takes to be just after it.

    Of what was undone and cannot be redone any more, both are None. `who` made them is empty where nobody knows.
    """

    summary: str
    edits: int
    moment: str
    who: str
    is_undone: bool
    is_now: bool
    undo: int | None
    redo: int | None


def show(visit: Visit) -> Answer:
    """The page of the steps, newest first, which scripts show as a dialog."""
    edits = visit.catalog.history(SHOWN + 1)
    shown = edits[:SHOWN]
    newest = next((edit.number for edit in shown if edit.undone_at is None), None)
    standing = sum(edit.undone_at is None for edit in shown)
    text = pages.render(
        visit,
        "history.html",
        steps=list_steps(shown, name_edits(visit.catalog, shown)),
        newest=newest,
        first=standing if standing and len(edits) <= SHOWN else None,
    )
    return page(text)


def list_steps(edits: Sequence[Edit], names: Mapping[int, str]) -> list[Step]:
    """The steps of edits that are given newest first, with what each did by its number."""
    undone = [edit for edit in edits if edit.undone_at and edit.superseded_by is None]
    steps, passed, redone = [], 0, len(undone)
    is_now_shown = False
    for group in _group(edits):
        is_undone = group[0].undone_at is not None
        is_final = group[0].superseded_by is not None
        redo, undo = None, None
        if is_undone and not is_final:
            redo = redone
            redone -= len(group)
        elif not is_undone:
            undo = passed
            passed += len(group)
        is_now = undo == 0 and not is_now_shown
        is_now_shown |= is_now
        when, who = moment(group[0].made_at) or "", ", ".join(filter(None, (group[0].author, group[0].via)))
        steps.append(Step(_summarize(group, names), len(group), when, who, is_undone, is_now, undo, redo))
    return steps


def _group(edits: Iterable[Edit]) -> list[list[Edit]]:
    groups: list[list[Edit]] = []
    for edit in edits:
        last = groups[-1][-1] if groups else None
        if last and _is_alike(last, edit) and last.made_at - edit.made_at <= _PAUSE:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _is_alike(one: Edit, other: Edit) -> bool:
    are_alike = one.act == other.act and (one.undone_at is None) == (other.undone_at is None)
    are_alike &= (one.author, one.via) == (other.author, other.via)
    return are_alike and one.superseded_by == other.superseded_by


def _summarize(group: Sequence[Edit], names: Mapping[int, str]) -> str:
    """What was done: with one value, that is named."""
    if len(group) == 1:
        return names[group[0].number]
    refs = {ref for edit in group for ref in edit.refs}
    are_all = all(edit.videos <= len(edit.refs) for edit in group)
    videos = len(refs) if are_all else sum(edit.videos for edit in group)
    details = {edit.detail for edit in group}
    value = f" {details.pop()}" if len(details) == 1 and None not in details else ""
    verb = _VERBS.get(group[0].act, group[0].summary.partition(" ")[0])
    return f"{verb} {amount(videos)} video{'s' if videos != 1 else ''}{value}"
