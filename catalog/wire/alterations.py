"""Changes to a drafted request: another seed, other parameters. Pure.

A change that makes a request which its server cannot take is refused; what the request lacked before is not held
against a change.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.errors import CatalogError
from catalog.fields import REQUESTED
from catalog.records import to_json
from catalog.wire import uploads
from catalog.wire.documented import limits_of
from catalog.wire.drafts import Upload
from catalog.wire.parameters import KNOWN
from catalog.wire.parts import SECONDS_KEYS
from catalog.wire.retakes import check, put_seed, seconds_name, write_seconds
from catalog.wire.rules import Finding
from catalog.wire.values import read_number, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog.wire.documented import Limits
    from catalog.wire.drafts import RequestDraft

NEW = "new"  # a seed that is drawn
MAX_SEED = 2**64 - 1
TEXTS = frozenset({"prompt", "negative_prompt", "model", "size", "quality", "tier", "name"})
"""Parameters that are text, whatever they look like."""

_DRAWN = 2**31  # seeds below it are drawn: every server takes those
_KNOWN = frozenset(
    {
        *(*KNOWN, *REQUESTED, *SECONDS_KEYS, *uploads.FIELDS, "metadata", "characters", "character_ids", "seed", "n"),
        *("user", "resolution", "image", "image_url", "images", "first_last_frame", "extra_params", "lora"),
    }
)


def read_seed(seed: int | str) -> int:
    """The seed that is asked for: a number, or one that is drawn for `new`; raises CatalogError."""
    if seed == NEW:
        return secrets.randbelow(_DRAWN)
    is_number = isinstance(seed, int) or (isinstance(seed, str) and seed.isascii() and seed.isdigit())
    if isinstance(seed, bool) or not is_number or not 0 <= int(seed) <= MAX_SEED:
        raise CatalogError(f"a seed is a whole number from 0 to {MAX_SEED}, or {NEW}: not {_shown(seed)}")
    return int(seed)


def alter(draft: RequestDraft, seed: int | str | None, changes: Mapping[str, Any]) -> RequestDraft:
    """The draft with another seed and other parameters; None takes one out.

    A parameter keeps the form it has, a length the form that the server documents. `a.b` is `b` inside `a`. Raises
    CatalogError where the server cannot take what becomes of it.
    """
    if seed is None and not changes:
        return draft
    limits = limits_of(draft.dialect)
    body: dict[str, Any] = to_json(draft.body)
    files = list(draft.uploads)
    for name, value in changes.items():
        files = [each for each in files if each.field.removesuffix("[]") != name]
        if isinstance(value, Path):
            files.append(Upload(name, str(value), value.name))
        _set(body, name, str(value) if isinstance(value, Path) else value, limits)
    if seed is not None:
        put_seed(body, read_seed(seed))
    before = {(finding.code, finding.field) for finding in draft.findings}
    kept = [finding for finding in draft.findings if finding.field.split(".")[0] not in _touched(changes, seed)]
    altered = check(
        replace(
            draft,
            body=body,
            uploads=tuple(files),
            is_form=bool(files) or limits.body == "form",
            findings=(*_without_checks(draft, kept), *_doubt(draft, changes)),
        )
    )
    for finding in altered.errors:
        if (finding.code, finding.field) not in before:
            raise CatalogError(f"{draft.ref}: {finding.field}: {finding.message}")
    return altered


def _without_checks(draft: RequestDraft, findings: list[Finding]) -> list[Finding]:
    """The findings that a check of the body does not make again."""
    made = check(replace(draft, findings=())).findings
    return [finding for finding in findings if finding not in made]


def _touched(changes: Mapping[str, Any], seed: int | str | None) -> set[str]:
    names = {name.split(".")[0] for name in changes} | ({"seed"} if seed is not None else set())
    return names | set(SECONDS_KEYS) if names & set(SECONDS_KEYS) else names


def _set(body: dict[str, Any], name: str, value: Any, limits: Limits) -> None:
    level, key = body, name
    outer, _, inner = name.partition(".")
    if inner and isinstance(body.get(outer, {} if outer == "metadata" else None), dict):
        level, key = body.setdefault(outer, {}), inner
    elif name not in body:
        level = next((child for child in body.values() if isinstance(child, dict) and name in child), body)
    if key in SECONDS_KEYS and level is body:
        key = seconds_name(body, limits)
    if value is None:
        level.pop(key, None)
    else:
        level[key] = _in_form(value, level.get(key), key, limits)


def _in_form(value: Any, old: Any, key: str, limits: Limits) -> Any:
    """The value as text where the old one is, or a length where its server takes text."""
    number = readable(value, read_number) if key in SECONDS_KEYS else None
    if number is not None and not isinstance(value, bool):
        if isinstance(old, str):
            return value if isinstance(value, str) else f"{number:g}"
        return number if isinstance(old, float) else write_seconds(number, limits) if old is None else value
    if isinstance(old, str) and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"
    return value


def _doubt(draft: RequestDraft, changes: Mapping[str, Any]) -> Iterator[Finding]:
    """Parameters that no server of any dialect is known to have; one that is nearly another is refused."""
    for name in changes:
        outer = name.split(".")[0]
        if outer in _KNOWN or outer in draft.body:
            continue
        near = get_close_matches(outer, _KNOWN, n=1, cutoff=0.8)
        hint = f": did you mean {near[0]}?" if near else ""
        message = f"no server is known to have a parameter of this name{hint}"
        yield Finding("parameter_unknown", name, message, "error" if near else "warning")


def _shown(seed: object) -> str:
    return repr(seed)[:40]
