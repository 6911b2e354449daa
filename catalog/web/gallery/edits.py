"""What a page may change: each request is one act about one or many videos, one step to undo, one line of JSON.

The journal is that of the library: what is done here, `catalog undo` takes back, and the other way round.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from catalog.controls import plain
from catalog.errors import CatalogError
from catalog.organising import read_note, read_path, read_rating, read_verdict
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import Refused, as_json, redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from catalog.api import Catalog
    from catalog.reports import Edit, Edited
    from catalog.web.gallery.visits import Answer, Visit

MOST = 20_000  # refs that a request names
MOST_STEPS = 1000  # that a request undoes
MOST_FIELDS = 10  # of a form
_LONGEST_REF = 2000  # characters
_LONGEST_TAG = 1000
_NAMES = 200  # tags, and collections, that are suggested

_VERDICTS = {"keep": "kept", "reject": "rejected", "undecided": "undecided"}


class _Act(NamedTuple):
    """An act: how its value is read, which raises CatalogError, what it does, and how a page says that it is done."""

    read: Callable[[object], Any]
    do: Callable[[Catalog, list[str], Any], Edited]
    say: Callable[[Any], str]


def prepare() -> None:
    """Load what edits need, so that the first one does not wait for it."""
    for name in ("catalog.editing", "catalog.intake", "catalog.store"):
        import_module(name)


def edit(visit: Visit) -> Answer:
    """Do what the body asks for: `{act, refs, value}`."""
    body = visit.read_json()
    name, refs = body.get("act"), _read_refs(body.get("refs"))
    act = _ACTS.get(name) if isinstance(name, str) else None
    if act is None:
        raise Refused(HTTPStatus.BAD_REQUEST, f"an act is one of {', '.join(_ACTS)}")
    try:
        value = act.read(body.get("value"))
    except CatalogError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
    edited = act.do(visit.catalog, refs, value)
    return as_json(
        {"said": act.say(value), "videos": edited.count, "number": edited.number, "refs": [*edited.refs]},
    )


def judge(visit: Visit, ref: str) -> Answer:
    """Do what the form on the page of a video says, which works without scripts, and go back to that page."""
    try:
        fields = dict(parse_qsl(visit.body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        rating = read_rating(fields["rating"]) or 0 if "rating" in fields else None
        verdict = read_verdict(fields["verdict"]) or "undecided" if "verdict" in fields else None
    except (ValueError, CatalogError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"this form cannot be read: {error}") from error
    if rating is not None:
        visit.catalog.rate([ref], rating)
    if verdict is not None:
        visit.catalog.verdict([ref], verdict)
    return redirect(f"{visit.base}/{State.read(visit.query).change(open=ref).query()}")


def undo(visit: Visit) -> Answer:
    """Undo the newest edit, or as many as the body says: `{steps, number}`.

    With a `number`, only where that is the newest edit.
    """
    body = _read_body(visit)
    number = body.get("number")
    if number is not None and not _is_count(number):
        raise Refused(HTTPStatus.BAD_REQUEST, "the number of an edit is a whole number")
    return _report(visit, "undone", visit.catalog.undo(_read_steps(body), newest=number))


def redo(visit: Visit) -> Answer:
    """Redo the edit that was undone last, or as many as the body says: `{steps}`."""
    return _report(visit, "redone", visit.catalog.redo(_read_steps(_read_body(visit))))


def suggest(visit: Visit) -> Answer:
    """The tags and the collections that there are, to be suggested where one is typed."""
    with visit.catalog.reading():
        tags = visit.catalog.facets(["tag"], limit=_NAMES)["tag"]
        collections = visit.catalog.collections()[:_NAMES]
    return as_json(
        {"tags": [each.value for each in tags if each.value], "collections": [each.path for each in collections]}
    )


def name_edits(catalog: Catalog, edits: Sequence[Edit]) -> dict[int, str]:
    """What each edit did in words, by number: videos by the shortest names that they have."""
    short = catalog.shorten({edit.refs[0] for edit in edits if edit.videos == 1 and edit.refs})
    return {
        edit.number: edit.summary.replace(edit.refs[0], short[edit.refs[0]]) if edit.refs[:1] and edit.refs[0] in short
        else edit.summary
        for edit in edits
    }  # fmt: skip


def _report(visit: Visit, said: str, edits: Sequence[Edit]) -> Answer:
    """What came of an undo or a redo; `refs` is null where the videos are more than the journal names."""
    if not edits:
        return as_json({"said": f"nothing to {'undo' if said == 'undone' else 'redo'}", "videos": 0, "number": None})
    refs = [ref for each in edits for ref in each.refs]
    are_all = all(each.videos <= len(each.refs) for each in edits)
    return as_json(
        {
            "said": said,
            "what": name_edits(visit.catalog, edits)[edits[0].number] if len(edits) == 1 else f"{len(edits):,} steps",
            "videos": sum(each.videos for each in edits),
            "number": edits[-1].number,
            "overtaken": sum(each.overtaken for each in edits),
            "refs": list(dict.fromkeys(refs)) if are_all else None,
        }
    )


def _read_body(visit: Visit) -> dict[str, Any]:
    return visit.read_json() if visit.body.strip() else {}


def _read_steps(body: dict[str, Any]) -> int:
    steps = body.get("steps", 1)
    if not _is_count(steps) or not 1 <= steps <= MOST_STEPS:
        raise Refused(HTTPStatus.BAD_REQUEST, f"steps are a whole number from 1 to {MOST_STEPS:,}")
    return int(steps)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62


def _read_refs(refs: object) -> list[str]:
    if not isinstance(refs, list) or not refs or not all(isinstance(ref, str) and ref for ref in refs):
        raise Refused(HTTPStatus.BAD_REQUEST, "refs are a list of texts, one at least")
    if len(refs) > MOST:
        raise Refused(HTTPStatus.BAD_REQUEST, f"a request names at most {MOST:,} videos, and this one {len(refs):,}")
    if any(len(ref) > _LONGEST_REF for ref in refs):
        raise Refused(HTTPStatus.BAD_REQUEST, f"a ref has at most {_LONGEST_REF:,} characters")
    return refs


def _read_tag(tag: object) -> str:
    """A key, or `key=value`, that shows what it is."""
    if not isinstance(tag, str):
        raise CatalogError(f"a tag is text, not {type(tag).__name__}")
    text = tag.strip()
    if not text.partition("=")[0].strip():
        raise CatalogError("a tag is KEY or KEY=VALUE, and this one has no key")
    if len(text) > _LONGEST_TAG:
        raise CatalogError(f"a tag has at most {_LONGEST_TAG:,} characters, and this one {len(text):,}")
    if plain(text) != text:
        raise CatalogError("a tag holds no control characters or changes of direction")
    return text


def _read_nothing(value: object) -> None:
    if value is not None:
        raise CatalogError("this act takes no value")


def _rated(rating: int | None) -> str:
    return f"rated {rating}" if rating else "unrated"


_ACTS: dict[str, _Act] = {
    "rate": _Act(read_rating, lambda cat, refs, rating: cat.rate(refs, rating or 0), _rated),
    "verdict": _Act(
        lambda value: read_verdict(value) or "undecided",
        lambda cat, refs, verdict: cat.verdict(refs, verdict),
        _VERDICTS.__getitem__,
    ),
    "tag": _Act(_read_tag, lambda cat, refs, tag: cat.tag(refs, tag), "tagged {}".format),
    "untag": _Act(_read_tag, lambda cat, refs, key: cat.untag(refs, key), "untagged {}".format),
    "collect": _Act(read_path, lambda cat, refs, path: cat.collect(path, refs), "put in {}".format),
    "uncollect": _Act(read_path, lambda cat, refs, path: cat.uncollect(path, refs), "taken out of {}".format),
    "note": _Act(
        lambda value: read_note(value) or "",
        lambda cat, refs, note: cat.note(refs, note),
        lambda note: "noted" if note else "note taken off",
    ),
    "hide": _Act(_read_nothing, lambda cat, refs, _: cat.delete(refs), lambda _: "hidden"),
    "unhide": _Act(_read_nothing, lambda cat, refs, _: cat.undelete(refs), lambda _: "no longer hidden"),
}
