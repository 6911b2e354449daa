"""An audit as one page of HTML that is read without a server, printed, and sent to somebody.

Everything on it comes from strangers: prompts, ids, names of signers. So every text is escaped in one place, `_text`,
without what a screen obeys; nothing on the page is a link, a script or an address that a browser would call at, and its
policy forbids them all.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from catalog.controls import plain_lines
from catalog.records import to_json, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import Protocol

    from catalog.audit_reports import Tally, Trail, TrailCredentials, TrailEdit, TrailFile, TrailLink, TrailStep
    from catalog.cost_reports import CostSum

    class Picture(Protocol):
        """The bytes of a picture and their media type."""

        @property
        def media_type(self) -> str: ...
        @property
        def data(self) -> bytes: ...


MARK = "<!doctype html>\n<!-- catalog audit -->\n"  # what every page begins with
MOST_PICTURES = 300
UNKNOWN = "unknown"

_CSS = """\
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: #fff; color: #111; \
font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 2px solid #111; padding-top: .5rem; }
h3 { font-size: 1rem; margin-bottom: .3rem; } h1, h2, h3, td, dd, p { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 10rem 1fr; margin: .3rem 0; } dt { color: #555; } dd { margin: 0; }
.prompt { white-space: pre-wrap; border-left: 3px solid #999; padding-left: .8rem; margin: .4rem 0; }
.step { break-inside: avoid-page; margin: 1.2rem 0; } .step img { float: right; max-width: 12rem; max-height: 9rem; \
margin-left: 1rem; }
.unknown { color: #666; font-style: italic; } code { font-size: .85em; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h2 { break-before: page; } \
h2:first-of-type { break-before: auto; } }
"""
_EVIDENCE = {
    "agree": "the credentials agree",
    "credentials_only": "only the credentials say it",
    "disagree": "the credentials disagree",
    "parent_unknown": "the credentials name a parent that is not in the library",
    "not_intact": "the credentials are not intact",
}  # nothing of edges of which the credentials say nothing
_POLICY = (
    "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_CSS.encode()).digest()).decode()}'"
)


def write_audit(
    trails: Iterable[Trail],
    tally: Tally,
    query: str,
    made_at: datetime,
    picture: Callable[[TrailStep], Picture | None],
) -> Iterator[str]:
    """The page in pieces: a section for each trail, counted by the tally, each video described where it stands first.

    The first MOST_PICTURES videos that `picture` has one of are shown.
    """
    page = _Page(tally, picture)
    yield from (MARK, '<html lang="en"><head><meta charset="utf-8">\n')
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
    yield '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">\n'
    yield f"<title>Audit: {_plain(query or 'all videos')}</title>\n<style>{_CSS}</style></head><body>\n"
    yield f"<h1>Audit: {_text(query or 'all videos')}</h1>\n"
    yield f"<p>Made by catalog on {_plain(utc_text(made_at))}. Times are UTC. A status of Content Credentials speaks "
    yield "of signatures and bytes, and does not say that what a clip shows happened.</p>\n"
    for trail in trails:
        yield from page.write_trail(trail)
    yield page.sum_up()
    yield "</body></html>\n"


class _Page:
    """What a page remembers while it is written: which videos it has described, and how many pictures it shows."""

    def __init__(self, tally: Tally, picture: Callable[[TrailStep], Picture | None]) -> None:
        self._tally = tally
        self._picture = picture
        self._pictures = 0

    def write_trail(self, trail: Trail) -> Iterator[str]:
        self._tally.trails += 1
        number = f"{len(trail.steps):,} step" + ("" if len(trail.steps) == 1 else "s")
        yield f"<section>\n<h2>{self._tally.trails}. {_text(trail.ref)}</h2>\n"
        yield f"<p>{number}, from the oldest draft to the video. Cost of the trail: {_plain(describe_cost(trail.cost))}"
        yield ".</p>\n"
        if trail.is_cut:
            yield "<p><strong>Older steps are left out: the trail is longer than was asked for.</strong></p>\n"
        for position, step in enumerate(trail.steps, 1):
            yield from self._write_step(position, step)
        yield "</section>\n"

    def sum_up(self) -> str:
        cost = self._tally.cost
        if not self._tally.trails:
            return "<p>No video matches.</p>\n"
        return (
            f"<h2>In all</h2>\n<p>{self._tally.trails:,} trails, {cost.jobs:,} videos, each counted once: "
            f"{_plain(describe_cost(cost))}.</p>\n"
        )

    def _write_step(self, position: int, step: TrailStep) -> Iterator[str]:
        if not self._tally.add(step):
            yield f'<div class="step"><h3>{position}. {_text(step.ref)}</h3><p>Described above.</p></div>\n'
            return
        yield f'<div class="step"><h3>{position}. {_text(step.ref)}</h3>\n'
        yield self._show_picture(step)
        yield "<p>Instruction, on top of what the parent shows:</p>\n" if step.is_instruction else "<p>Prompt:</p>\n"
        yield f'<div class="prompt">{_known(step.prompt)}</div>\n<dl>\n'
        for name, value in _list_facts(step):
            yield f"<dt>{_plain(name)}</dt><dd>{_known(value)}</dd>\n"
        yield "</dl></div>\n"

    def _show_picture(self, step: TrailStep) -> str:
        picture = self._picture(step) if self._pictures < MOST_PICTURES else None
        if picture is None:
            return ""
        self._pictures += 1
        return f'<img alt="" src="data:{escape(picture.media_type)};base64,{b64encode(picture.data).decode()}">\n'


def describe_cost(cost: CostSum) -> str:
    """`$1.20 (reported $0.80, estimated $0.40), 1 of 4 unknown`."""
    parts = [
        f"{name} ${amount:,.4f}"
        for name, amount in (("reported", cost.reported_usd), ("estimated", cost.estimated_usd))
        if amount is not None
    ]
    missing = f"of {cost.unknown:,} of {cost.jobs:,} {UNKNOWN}" if cost.unknown else ""
    return ", ".join(filter(None, (*parts, missing))) or UNKNOWN


def _list_facts(step: TrailStep) -> Iterator[tuple[str, str | None]]:
    """The facts of a step that are always told, known or not, then those that only some have."""
    yield "Source, id", f"{step.source}, {step.remote_id}"
    yield "Status", step.status
    yield "Model", step.model
    yield "Created", _moment(step.created_at)
    yield "Completed", _moment(step.completed_at)
    yield "Length, size", _join(f"{step.seconds:g} s" if step.seconds is not None else None, step.size)
    yield "Seed", step.seed
    yield "Settings", _join(step.quality, step.tier, _json(step.parameters))
    yield "Cost", None if step.cost_usd is None else f"${step.cost_usd:,.4f}, {step.cost_basis or UNKNOWN}"
    yield "Made from", "\n".join(map(describe_link, step.links)) or "nothing that is known"
    for name, values in (
        ("Not in the prompt", [step.negative_prompt]),
        ("Failed", [_join(step.error_code, step.error_message)]),
        ("Gone from server", [_moment(step.gone_at)]),
        ("Deleted here", [_moment(step.deleted_at)]),
        ("Input", [f"{given.role} {given.number}: {given.name or UNKNOWN}" for given in step.inputs]),
        ("Tags", [f"{tag} (by the {tag.origin})" for tag in step.tags]),
        ("Given facets", [f"{facet.name}: {facet.value}" for facet in step.given]),
        ("Edits", map(describe_edit, step.edits)),
    ):
        if text := "\n".join(filter(None, values)):
            yield name, text
    for file in step.files:
        yield f"File: {file.variant} {file.number}", describe_file(file)
    if not step.files:
        yield "Files", "none held"


def describe_link(link: TrailLink) -> str:
    """`studio:video_1: remix, known by api, c2pa; the credentials agree`."""
    lost = "" if link.is_in_library else "; the parent is not in the library"
    said = f"; {_EVIDENCE[link.evidence]}" if link.evidence in _EVIDENCE else ""
    return f"{link.parent}: {link.relation}, known by {', '.join(link.origins)}{lost}{said}"


def describe_edit(edit: TrailEdit) -> str:
    """`2026-11-30T12:00:00.000Z: tag campaign=launch`."""
    undone = f" (undone {utc_text(edit.undone_at)})" if edit.undone_at else ""
    return f"{utc_text(edit.made_at)}: {_join(edit.act, edit.detail, between=' ')}{undone}"


def describe_file(file: TrailFile) -> str:
    """What is known of a file, a line each; a picture that was made here is never checked."""
    size = f"{file.size:,} bytes" if file.size is not None else None
    return "\n".join(
        [
            f"sha256 {file.sha256 or UNKNOWN}",
            _join(size, file.type, file.state, file.reason, file.origin) or UNKNOWN,
            *(f"{place.path}{' (elsewhere)' if place.is_outside else ''}, {place.state}" for place in file.places),
            *(f"{address}, archived" for address in file.archives),
            *([] if file.origin == "made" else describe_credentials(file.credentials)),
        ]
    )


def describe_credentials(credentials: TrailCredentials | None) -> list[str]:
    """The status of a file in words, who signed it, when it was checked and under which lists."""
    if credentials is None:
        return ["Content Credentials: not checked"]
    clock = credentials.time_source or "a clock that is not named"
    signed = _join(
        f'signer "{credentials.signer}"' if credentials.signer else None,
        f"generator {credentials.generator}" if credentials.generator else None,
        f"signed {utc_text(credentials.signed_at)} by {clock}" if credentials.signed_at else None,
    )
    lists = [_join(each["name"], each["issued"], f"sha256 {each['sha256']}") for each in credentials.lists]
    return [
        f"Content Credentials ({credentials.status}): {credentials.words}",
        *([signed] if signed else []),
        f"checked {utc_text(credentials.checked_at)} by {credentials.reader or UNKNOWN}, "
        + (f"with {'; '.join(lists)}" if lists else "without a trust list"),
    ]


def _join(*parts: str | None, between: str = ", ") -> str:
    return between.join(part for part in parts if part)


def _json(value: Any) -> str | None:
    return json.dumps(to_json(value), ensure_ascii=False, sort_keys=True) if value else None


def _moment(value: datetime | None) -> str | None:
    return None if value is None else utc_text(value)


def _known(text: str | None) -> str:
    return _text(text) if text else f'<span class="unknown">{UNKNOWN}</span>'


def _text(text: str) -> str:
    """The text as HTML: escaped, each line in an embedding of its own, so that no script of another turns its place."""
    return "<br>".join(f"<bdi>{escape(line)}</bdi>" for line in plain_lines(text).split("\n"))


def _plain(text: str) -> str:
    return escape(plain_lines(text))
