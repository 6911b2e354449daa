"""What stands in a manifest store, from the reader's two kinds of JSON, whatever values a signer put there."""

from __future__ import annotations

import re
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from .checks import Action, Disclosure, Ingredient, Manifest, Signature
from .status import recorded_failures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MODEL_KEYS = ("model_name", "modelName", "model")
_SUFFIX = re.compile(r"(\.v\d+)?(__\d+)?\Z")
_ID_KEY = re.compile(
    r"(instance|(original)?document|log|task|job|generation|request|prediction|video|asset|content|produce|propagate)?id"
    r"|identifier|uuid|guid"
)
# Whose ids are those of something else: of what went in, of who made it, of how it is bound.
_OF_OTHERS = re.compile(
    r"c2pa\.(ingredient|hash|thumbnail|soft-binding|cloud-data|time-stamp)|cawg\.identity|@|parent|source|ingredient"
    r"|input|author|creator|publisher|producer|actor|user|owner|account|signature",
    re.IGNORECASE,
)
_ID_PREFIX = re.compile(r"(?:urn:(?:uuid|c2pa):|uuid:|xmp[:.][id]id:)+", re.IGNORECASE)
_SHORTEST_ID, _LONGEST_ID = 3, 512  # characters
_MOST_IDS, _MOST_VALUES, _MOST_DEPTH = 100, 10_000, 20


def read_manifests(
    report: Mapping[str, Any], crjson: Mapping[str, Any], hashes: Mapping[str, str]
) -> tuple[Manifest, ...]:
    """The manifests of a store, the active one first, then those it was made from, one generation after the other.

    `hashes` are those of their bytes, by label.
    """
    manifests = _map(report.get("manifests"))
    standard = {_text(each.get("label")): each for each in _maps(crjson.get("manifests"))}
    active = report.get("active_manifest")
    return tuple(
        _read_manifest(
            label,
            _map(manifests[label]),
            standard.get(label, {}),
            is_active=label == active,
            manifest_hash=hashes.get(label),
        )
        for label in _order(manifests, active)
    )


def read_ids(crjson: Mapping[str, Any], label: str) -> tuple[str, ...]:
    """The ids that a manifest gives to what it speaks for: those of its claim, and of what it asserts of the making.

    Each as it stands, and without `xmp:iid:`, `urn:uuid:` and the like. What its ingredients and its makers are called
    is left out.
    """
    manifest = next((each for each in _maps(crjson.get("manifests")) if each.get("label") == label), {})
    ids = dict.fromkeys([label, _ID_PREFIX.sub("", label)])
    parts = [_map(manifest.get(key)) for key in ("claim.v2", "claim", "assertions")]
    for key, value in islice(_iter_values(parts), _MOST_VALUES):
        text = _text(value) if _names_id(key) else None
        if text and _SHORTEST_ID <= len(text) <= _LONGEST_ID:
            ids[text] = ids[_ID_PREFIX.sub("", text) or text] = None
        if len(ids) >= _MOST_IDS:
            break
    return tuple(ids)


def _iter_values(parts: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The values of objects within objects, by their keys, without what belongs to others."""
    waiting = deque((part, 0) for part in parts)
    while waiting:
        part, depth = waiting.popleft()
        for key, value in part.items() if isinstance(part, dict) else (("", each) for each in part):
            if not isinstance(value, dict | list):
                yield key, value
            elif depth < _MOST_DEPTH and not _OF_OTHERS.match(key):
                waiting.append((value, depth + 1))


def _names_id(key: str) -> bool:
    """Whether a key, as `dc:identifier` or `log_id`, is that of an id."""
    return _ID_KEY.fullmatch(re.sub(r"[^a-z]", "", key.rpartition(":")[2].lower())) is not None


def _order(manifests: Mapping[str, Any], active: Any) -> list[str]:
    """The labels by generations; those that nothing leads to come last. The reader gives them in any order."""
    ordered = dict.fromkeys([active] if active in manifests else [])
    waiting = deque(ordered)
    while waiting:
        for ingredient in _maps(_map(manifests[waiting.popleft()]).get("ingredients")):
            label = ingredient.get("active_manifest")
            if label in manifests and label not in ordered:
                ordered[label] = None
                waiting.append(label)
    return [*ordered, *sorted(label for label in manifests if label not in ordered)]


def _read_manifest(
    label: str, manifest: Mapping[str, Any], standard: Mapping[str, Any], *, is_active: bool, manifest_hash: str | None
) -> Manifest:
    name, version = _read_generator(manifest)
    parts = _map(standard.get("assertions"))
    version_number = manifest.get("claim_version")
    return Manifest(
        label=label,
        is_active=is_active,
        claim_version=version_number if isinstance(version_number, int) else None,
        title=_text(manifest.get("title")),
        format=_text(manifest.get("format")),
        instance_id=_text(manifest.get("instance_id")),
        generator=name,
        generator_version=version,
        signature=_read_signature(_map(manifest.get("signature_info")), standard),
        actions=tuple(map(_read_action, _list_actions(manifest))),
        ingredients=tuple(
            _read_ingredient(each, _map(parts.get(_text(each.get("label")) or "")))
            for each in _maps(manifest.get("ingredients"))
        ),
        disclosures=tuple(map(_read_disclosure, _assertions(manifest, "c2pa.ai-disclosure"))),
        soft_bindings=tuple(
            algorithm
            for each in _assertions(manifest, "c2pa.soft-binding")
            if (algorithm := _text(each.get("alg"))) is not None
        ),
        hash=manifest_hash,
    )


def _read_generator(manifest: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Name and version of the program that made the claim; claims of version 1 may have them in one text."""
    for info in _maps(manifest.get("claim_generator_info")):
        if name := _text(info.get("name")):
            return name, _text(info.get("version"))
    first = (_text(manifest.get("claim_generator")) or "").split(" ")[0]
    name, _, version = first.partition("/")
    return name or None, version or None


def _read_signature(info: Mapping[str, Any], standard: Mapping[str, Any]) -> Signature:
    signature = _map(standard.get("signature"))
    certificate = _map(signature.get("certificateInfo"))
    subject, issuer = _map(certificate.get("subject")), _map(certificate.get("issuer"))
    validity = _map(certificate.get("validity"))
    stamp = _map(signature.get("timeStampInfo"))
    signed_at = _moment(stamp.get("timestamp")) or _moment(info.get("time"))
    successes = _maps(_map(standard.get("validationResults")).get("success"))
    is_trusted = any(each.get("code") == "timeStamp.trusted" for each in successes)
    authority = _map(_map(stamp.get("certificateInfo")).get("subject"))
    return Signature(
        organisation=_text(subject.get("O")) or _text(info.get("issuer")),
        common_name=_text(subject.get("CN")) or _text(info.get("common_name")),
        issuer=_text(issuer.get("CN")) or _text(issuer.get("O")),
        serial=_text(certificate.get("serialNumber")) or _text(info.get("cert_serial_number")),
        algorithm=_text(signature.get("algorithm")) or _text(info.get("alg")),
        valid_from=_moment(validity.get("notBefore")),
        valid_until=_moment(validity.get("notAfter")),
        signed_at=signed_at,
        time_source=None if signed_at is None else "time-stamp" if is_trusted else "untrusted time-stamp",
        time_authority=_text(authority.get("CN")) or _text(authority.get("O")),
    )


def _list_actions(manifest: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for data in _assertions(manifest, "c2pa.actions"):
        yield from _maps(data.get("actions"))


def _read_action(action: Mapping[str, Any]) -> Action:
    parameters = _map(action.get("parameters"))
    source = _text(action.get("digitalSourceType"))
    models = (_text(parameters.get(key)) for key in _MODEL_KEYS)
    return Action(
        action=_text(action.get("action")) or "",
        source_type=source.rstrip("/").rpartition("/")[2] if source else None,
        software_agent=_read_agent(action.get("softwareAgent")),
        model=next(filter(None, models), None),
        description=_text(action.get("description")) or _text(parameters.get("description")),
        at=_text(action.get("when")),
    )


def _read_agent(agent: Any) -> str | None:
    if isinstance(agent, dict):
        words = filter(None, (_text(agent.get("name")), _text(agent.get("version"))))
        return " ".join(words) or None
    return _text(agent)


def _read_ingredient(ingredient: Mapping[str, Any], standard: Mapping[str, Any]) -> Ingredient:
    manifest = standard.get("activeManifest") or standard.get("c2pa_manifest")
    return Ingredient(
        relationship=_text(ingredient.get("relationship")),
        title=_text(ingredient.get("title")),
        format=_text(ingredient.get("format")),
        instance_id=_text(ingredient.get("instance_id")),
        document_id=_text(ingredient.get("document_id")),
        manifest=_text(ingredient.get("active_manifest")),
        manifest_hash=_read_bytes(_map(manifest).get("hash")),
        thumbnail=_text(_map(ingredient.get("thumbnail")).get("identifier")),
        recorded=tuple(recorded_failures(ingredient)),
    )


def _read_bytes(value: Any) -> str | None:
    """Base64, without the frame that crJSON puts around it."""
    text = _text(value)
    return text[4:-1] if text and text.startswith("b64'") and text.endswith("'") else text


def _read_disclosure(data: Mapping[str, Any]) -> Disclosure:
    return Disclosure(
        model_type=_text(data.get("modelType")),
        model_name=_text(data.get("modelName")),
        model_identifier=_text(data.get("modelIdentifier")),
        human_oversight=_text(_map(data.get("contentProfile")).get("humanOversightLevel")),
    )


def _assertions(manifest: Mapping[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """The data of each assertion of a kind, whatever its version and its number."""
    for assertion in _maps(manifest.get("assertions")):
        if _SUFFIX.sub("", _text(assertion.get("label")) or "") == kind:
            yield _map(assertion.get("data"))


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(value: Any) -> list[dict[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value) or "")
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
