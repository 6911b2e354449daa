"""What a file's Content Credentials say, for a person: what was found first, then what the signer claims.

The texts are a stranger's: each is cut and loses what a terminal obeys. Names of unknown signers stand in quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.cli import render
from catalog.provenance.status import hard_codes
from catalog.provenance.words import clean, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.credential_reports import FileProvenance, Provenance
    from catalog.provenance import Action, Check, Disclosure, Ingredient, Manifest, Signature

_MOST = 10  # actions, ingredients and the like that are listed; further ones are counted
_UNRELIABLE = frozenset({"changed", "broken"})
_FENCE = "what follows stands in the file, and cannot be ascribed to the signer"
_KNOWN = "intact_known_signer"
_CODES = {
    "failure": "failures",
    "ingredients": "of ingredients",
    "recorded": "recorded",
    "informational": "remarks",
    "success": "successes",
}


def show_provenance(shown: Provenance, *, verbose: bool) -> None:
    """Show the credentials of the files of a video, or of a file."""
    if shown.ref is not None:
        render.line((shown.ref, "name"))
        if not shown.files:
            render.note("no file of it is known: `catalog download` gets them")
    for position, file in enumerate(shown.files):
        if position:
            render.gap()
        _show_file(file, verbose=verbose)
    if shown.twins:
        render.field("in the library", ", ".join(_list(shown.twins)))


def _show_file(file: FileProvenance, *, verbose: bool) -> None:
    if file.variant is None:
        render.line((str(file.path), "name"))
    label = "status" if file.variant is None else f"{file.variant} {file.number}"
    render.field(label, file.words)
    if file.seen_at is not None:
        render.field("", f"Credentials seen on {file.seen_at:%Y-%m-%d} are gone.")
    check = file.check
    if check is not None:
        if check.active is not None:
            if check.status in _UNRELIABLE:
                render.field("", f"({_FENCE})")
            _show_manifest(check.active, check)
        if verbose:
            _show_codes(check)
        render.field("checked", f"{render.moment(check.checked_at)} UTC")
    if len(file.history) > 1:
        for past in file.history:
            why = f" ({past.moved})" if past.moved else ""
            render.field("history", f"{render.moment(past.checked_at)} UTC  {past.status}{why}")


def _show_manifest(manifest: Manifest, check: Check) -> None:
    signature = manifest.signature
    fields = [
        ("signer", _name_signer(signature, is_known=check.status == _KNOWN)),
        ("certificate", _describe_certificate(signature)),
        ("signed", _describe_time(signature)),
        ("title", clean(manifest.title)),
        ("made with", " ".join(filter(None, (clean(manifest.generator), clean(manifest.generator_version))))),
        ("source type", ", ".join(_list(_source_types(check.manifests)))),
    ]
    for name, value in fields:
        if value:
            render.field(name, value)
    _list_field("action", map(_describe_action, manifest.actions), len(manifest.actions))
    _list_field("made from", map(_describe_ingredient, manifest.ingredients), len(manifest.ingredients))
    disclosures = list(dict.fromkeys(each for every in check.manifests for each in every.disclosures))
    _list_field("AI disclosure", map(_describe_disclosure, disclosures), len(disclosures))
    marks = list(dict.fromkeys(clean(each) for every in check.manifests for each in every.soft_bindings))
    if marks:
        render.field("watermark", f"{', '.join(_list(marks))} (declared; none is looked for)")


def _name_signer(signature: Signature, *, is_known: bool) -> str:
    if not clean(signature.name):
        return ""
    name = clean(signature.name) if is_known else quote(signature.name)
    issuer = f", certified by {quote(signature.issuer)}" if clean(signature.issuer) else ""
    return f"{name}{issuer}"


def _describe_certificate(signature: Signature) -> str:
    return f"valid until {signature.valid_until:%Y-%m-%d}" if signature.valid_until else ""


def _describe_time(signature: Signature) -> str:
    """When, and by which clock."""
    if signature.signed_at is None:
        return "at an unknown time, without a time-stamp"
    who = f" of {quote(signature.time_authority)}" if clean(signature.time_authority) else ""
    clocks = {
        "time-stamp": f"by the time-stamp{who}, which the reader accepts",
        "untrusted time-stamp": f"by a time-stamp{who}, whom the lists do not know",
    }
    clock = clocks.get(signature.time_source or "", "by the signer's own clock")
    return f"{render.moment(signature.signed_at)} UTC, {clock}"


def _source_types(manifests: Iterable[Manifest]) -> list[str]:
    """The source types of all manifests: the one that was generated may lie below an edit."""
    types = (clean(action.source_type) for manifest in manifests for action in manifest.actions)
    return list(dict.fromkeys(filter(None, types)))


def _describe_action(action: Action) -> str:
    parts = (action.source_type, action.software_agent, action.model, action.description, action.at)
    details = ", ".join(clean(part) for part in parts if clean(part))
    return f"{clean(action.action)}{f'  ({details})' if details else ''}"


def _describe_ingredient(ingredient: Ingredient) -> str:
    title = quote(ingredient.title) if clean(ingredient.title) else "something without a title"
    remarks = [clean(ingredient.relationship) or "no relationship named"]
    if faults := hard_codes(ingredient.recorded):
        remarks.append(f"with faults when it was taken in: {', '.join(_list(faults))}")
    return f"{title}  ({', '.join(remarks)})"


def _describe_disclosure(disclosure: Disclosure) -> str:
    names = (disclosure.model_type, disclosure.model_name, disclosure.model_identifier)
    oversight = clean(disclosure.human_oversight)
    parts = [clean(name) for name in names if clean(name)] + ([f"human oversight: {oversight}"] if oversight else [])
    return ", ".join(parts) or "says nothing of the model"


def _show_codes(check: Check) -> None:
    for name, label in _CODES.items():
        codes = list(dict.fromkeys(getattr(check.codes, name)))
        if codes:
            render.field(label, "\n".join(_list(codes)))
    for each in check.lists:
        dated = f", issued {clean(each.issued)}" if each.issued else ""
        render.field("trust list", f"{quote(each.name)}, {render.amount(each.count, 'certificate')}{dated}")
    if check.reader:
        render.field("reader", clean(check.reader))
    if check.sha256:
        render.field("sha256", check.sha256)


def _list_field(name: str, texts: Iterator[str], count: int) -> None:
    for position, text in enumerate(texts):
        if position == _MOST:
            render.field(name, f"and {count - _MOST:,} more")
            return
        render.field(name, text)


def _list(texts: Sequence[str]) -> list[str]:
    """The first of the texts, and how many more there are."""
    more = [f"and {len(texts) - _MOST:,} more"] if len(texts) > _MOST else []
    return [*map(clean, texts[:_MOST]), *more]
