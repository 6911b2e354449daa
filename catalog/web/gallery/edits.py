"""What a page may change: each request is one act about one or many videos, one step to undo."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from catalog.web.gallery.visits import Refused, as_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.api import Catalog
    from catalog.web.gallery.visits import Answer, Visit

_SAID = {"keep": "kept", "reject": "rejected", "undecided": "undecided"}
_ACTS: dict[str, Callable[[Catalog, list[str], Any], Any]] = {
    "rate": lambda cat, refs, rating: cat.rate(refs, rating),
    "verdict": lambda cat, refs, verdict: cat.verdict(refs, verdict),
    "hide": lambda cat, refs, _: cat.delete(refs),
}


def edit(visit: Visit) -> Answer:
    """Do what the body asks for: `{act, refs, value}`."""
    body = visit.read_json()
    act, refs, value = body.get("act"), body.get("refs"), body.get("value")
    if not isinstance(act, str) or act not in _ACTS or not isinstance(refs, list):
        raise Refused(HTTPStatus.BAD_REQUEST, "an act, refs and a value are asked for")
    edited = _ACTS[act](visit.catalog, refs, value)
    rated = f"rated {value}" if value else "unrated"
    said = {"rate": rated, "verdict": _SAID.get(str(value), ""), "hide": "hidden"}[act]
    return as_json({"said": said, "videos": edited.count, "number": 1})


def undo(visit: Visit) -> Answer:
    """Undo the newest edit."""
    return as_json({"said": "undone", "refs": [ref for each in visit.catalog.undo() for ref in each.refs]})


def redo(visit: Visit) -> Answer:
    """Redo the edit that was undone last."""
    return as_json({"said": "redone", "refs": [ref for each in visit.catalog.redo() for ref in each.refs]})
