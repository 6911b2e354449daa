"""From what is known of a video to the request that would make another take of it. Pure; nothing is sent.

A request of the video that is kept is written as it was sent. Without one it is written from the fields of the video,
as the reference format writes them, in the form that the dialect of its source documents. What is not known is a
finding, never a guess: a picture that was uploaded is the path of its bytes where the library holds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import quote

from catalog.redaction import redact
from catalog.spellings import REMOVED
from catalog.wire import uploads
from catalog.wire.documented import OWN_LAYOUTS, limits_of
from catalog.wire.drafts import RequestDraft
from catalog.wire.parts import SECONDS_KEYS, Verb, nested
from catalog.wire.routes import read_route
from catalog.wire.rules import Finding, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.records import Link, Video
    from catalog.wire.dialects import Dialect
    from catalog.wire.documented import Limits
    from catalog.wire.drafts import Upload

_WITNESSES = ("api", "request", "user")  # whose links name a parent; credentials only say what went in
_VERBS: Mapping[str, Verb] = {"remix": "remix", "edit": "edit", "extension": "extension"}
_PATHS: Mapping[Verb, tuple[str, str]] = {
    "create": ("create_path", "/videos"),
    "remix": ("remix_path", "/videos/{id}/remix"),
    "edit": ("edit_path", "/videos/edits"),
    "extension": ("extend_path", "/videos/extensions"),
    "character": ("characters_path", "/videos/characters"),
}
_BEFORE_PATH = re.compile(r"(?:https?://[^/]*)?(?:/[^?#]*?)?/v\d+(?=/)")
_UNSPEAKABLE = re.compile("[\0\ud800-\udfff]")
_ACCOUNT_KEYS = frozenset({"authorization", "api_key", "apikey", "api-key", "x-api-key"})
_STANDARD = "standard"  # the quality that answers name where nobody asked for one
_OTHER_ROLES = ("first_frame", "last_frame", "mask")


class Server(NamedTuple):
    """Where a draft goes; see RequestDraft. `is_known` says that the dialect is that of the source, not assumed."""

    dialect: Dialect
    base_url: str
    key_env: str | None
    is_configured: bool = True
    is_known: bool = True


class _Found(NamedTuple):
    """A request as it is known: what it does, to which parent, its body, and what is to be said of it."""

    verb: Verb
    parent: str | None
    body: dict[str, Any]
    findings: list[Finding]


def make_draft(
    video: Video,
    server: Server,
    line: Mapping[str, Any] | None,
    *,
    negative_prompt: str | None = None,
    parent: Video | None = None,
    cuts: tuple[str, ...] = (),
) -> RequestDraft:
    """The request that would make this take again.

    `line` is the request that is kept, `cuts` the places of texts in it that are cut. Without one, `negative_prompt`
    counts, and `parent`, the video that this one extends.
    """
    limits = limits_of(server.dialect.name)
    found = _read_line(video, line, cuts) if line else _read_fields(video, server, limits, negative_prompt, parent)
    body, files, missing = uploads.place(found.body, video, found.verb)
    path, objection = _find_path(found, server, line)
    notes = [] if line else ["no request of this video is kept: this is written from what is known of the video"]
    return check(
        RequestDraft(
            video.ref,
            server.dialect.name,
            found.verb,
            path,
            server.base_url,
            server.key_env,
            server.is_configured,
            body,
            server.dialect.auth if server.key_env else "",
            server.dialect.headers,
            found.parent,
            files,
            is_form=bool(files) or limits.body == "form",
            is_kept=line is not None,
            findings=(*objection, *found.findings, *missing, *_miss_removed(body)),
            notes=(*notes, *_remark(body, server), *_name_files(video, files)),
        )
    )


def check(draft: RequestDraft) -> RequestDraft:
    """The draft with what a server is likely to object to after what is found of it already."""
    findings = validate(uploads.with_paths(draft), draft.dialect, verb=draft.verb)
    return replace(draft, findings=(*draft.findings, *findings, *_check_form(draft)))


def _check_form(draft: RequestDraft) -> Iterator[Finding]:
    """What cannot be said in a form, where the request has to be one."""
    if draft.uploads and limits_of(draft.dialect).body == "json":
        message = "this server takes no files: name it by an address"
        yield Finding("upload_unknown", draft.uploads[0].field.removesuffix("[]"), message, "error")
    if draft.is_form:
        for name, value in draft.body.items():
            if isinstance(value, str) and _UNSPEAKABLE.search(value):
                yield Finding("form_text", name, "it has characters that cannot be sent in a form", "error")


def _read_line(video: Video, line: Mapping[str, Any], cuts: tuple[str, ...]) -> _Found:
    """The request as it was sent, with the seed of the take where it is known and was not asked for."""
    route = read_route("POST", str(line["url"]))
    body = line.get("body")
    sent = _without_keys(redact(nested(body) if isinstance(body, Mapping) else {}))
    if video.prompt and not isinstance(body, Mapping):
        sent["prompt"] = video.prompt
    findings = [Finding("text_cut", place, "only the beginning is kept: it is too long", "error") for place in cuts]
    if video.seed and not _has_seed(sent):
        put_seed(sent, _number(video.seed))
        findings.append(Finding("seed_added", "seed", "the server chose this seed: it was not asked for", "warning"))
    return _Found(cast("Verb", route.name if route else "create"), route and route.id, sent, findings)


def _read_fields(
    video: Video, server: Server, limits: Limits, negative_prompt: str | None, extended: Video | None
) -> _Found:
    link = _find_parent(video)
    verb = _VERBS[link.relation] if link else "remix" if video.remixed_from_id else "create"
    parent = link.parent.partition(":")[2] if link else video.remixed_from_id
    findings = list(_doubt_fields(video, server, link))
    body: dict[str, Any] = {} if video.prompt is None else {"prompt": video.prompt}
    if verb in {"edit", "extension"}:
        body["video"] = {"id": parent}
    if verb == "extension":
        findings += _extend(body, video, extended, limits)
    if verb == "create":
        body |= _describe(video, limits, negative_prompt)
        body |= _name_inputs(video)
    elif video.seed:
        body["seed"] = _number(video.seed)
    return _Found(verb, parent, redact(body), findings)


def _describe(video: Video, limits: Limits, negative_prompt: str | None) -> dict[str, Any]:
    """The fields of the video as a request for it has them, without those that are not known."""
    body: dict[str, Any] = {
        "model": video.model,
        limits.seconds_key: None if video.seconds is None else write_seconds(video.seconds, limits),
        "size": video.size,
        "quality": None if video.quality == _STANDARD else video.quality,
        "tier": video.tier if "source_video_url" in limits.options else None,
        "negative_prompt": negative_prompt,
        "seed": _number(video.seed) if video.seed else None,
        "metadata": dict(video.metadata) or None,
    }
    known = {key: value for key, value in body.items() if value is not None}
    return known | {key: value for key, value in video.parameters.items() if key not in known}


def _name_inputs(video: Video) -> dict[str, Any]:
    """Characters and pictures that went into it."""
    characters = [link.parent.partition(":")[2] for link in _links(video) if link.relation == "character"]
    characters += [each.name for each in video.inputs if each.role == "character" and each.name]
    linked = [link.parent.partition(":")[2] for link in _links(video) if link.relation == "reference"]
    pictures = [each.name for each in video.inputs if each.role == "reference" and each.name] or linked
    named: dict[str, Any] = {}
    if characters:
        named["characters"] = [{"id": name} for name in dict.fromkeys(characters)]
    if parts := [uploads.write_part(name) for name in dict.fromkeys(pictures)]:
        named |= {"input_reference": parts[0]} if len(parts) == 1 else {"reference_images": parts}
    return named


def _doubt_fields(video: Video, server: Server, link: Link | None) -> Iterator[Finding]:
    """What cannot be told from the fields of a video."""
    if link and link.parent.partition(":")[0] != video.source:
        message = f"its parent {link.parent} is of another source: this server does not know it"
        yield Finding("parent_elsewhere", "video", message, "error")
    if server.dialect.name in OWN_LAYOUTS:
        message = f"written as in the reference format: {server.dialect.title} lays out its requests in its own way"
        yield Finding("layout_unknown", "", message, "warning")
    if video.kind == "image":
        yield Finding("kind", "", "it is an image, and this call makes a video", "warning")
    for each in video.inputs:
        if each.role in _OTHER_ROLES:
            message = f"{each.name} went in as {each.role}, and how it was asked for is not known: add it"
            yield Finding("input_unplaced", each.role, message, "error")


def _extend(body: dict[str, Any], video: Video, extended: Video | None, limits: Limits) -> Iterator[Finding]:
    """Ask for as many seconds as the video has more than the one that it extends."""
    if extended and extended.seconds and video.seconds and video.seconds > extended.seconds:
        body[limits.seconds_key] = write_seconds(video.seconds - extended.seconds, limits)
    else:
        message = "how much longer it made the video is not known: set it"
        yield Finding("seconds_unknown_here", limits.seconds_key, message, "error")


def _find_path(found: _Found, server: Server, line: Mapping[str, Any] | None) -> tuple[str, list[Finding]]:
    """The path of the call below the base URL, and what is wrong with it."""
    if line and not server.is_known and not str(line["url"]).partition("?")[0].endswith("/remix"):
        bare = str(line["url"]).partition("?")[0]
        return _BEFORE_PATH.sub("", bare, count=1) or bare, []
    setting, usual = _PATHS[found.verb]
    template = getattr(server.dialect, setting)
    objection = []
    if template is None and found.verb != "create":
        message = f"{server.dialect.title} has no documented call for this: {found.verb}"
        objection = [Finding("call_unknown", "", message, "warning")]
    return (template or usual).replace("{id}", quote(found.parent or "", safe="")), objection


def _remark(body: Mapping[str, Any], server: Server) -> Iterator[str]:
    if not server.is_configured:
        yield f"the source is not configured: the key is the one of {server.key_env}, the address {server.base_url}"
    for name, address in uploads.list_addresses(body):
        yield f"{name}: {address} is kept without its signature, where it had one, and may not answer any more"


def _name_files(video: Video, files: tuple[Upload, ...]) -> Iterator[str]:
    """Where the files lie that went into the video, and that the request does not upload."""
    used = {upload.path for upload in files}
    for file in video.files:
        if file.variant == "reference" and file.path and file.path not in used:
            yield f"a file that went into it is {file.path}"


def _without_keys(body: dict[str, Any]) -> dict[str, Any]:
    """The body without keys of accounts, which the library does not keep: a header carries the key."""
    return {name: value for name, value in body.items() if value != REMOVED or name.lower() not in _ACCOUNT_KEYS}


def _miss_removed(value: object, name: str = "") -> Iterator[Finding]:
    """What is not kept of a request, because it was bytes or looked like a secret."""
    if isinstance(value, Mapping):
        for key, child in value.items():
            if name or key not in uploads.FIELDS:
                yield from _miss_removed(child, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for child in value:
            yield from _miss_removed(child, name)
    elif isinstance(value, str) and REMOVED in value:
        if value == REMOVED:
            yield Finding("removed", name, "bytes or a secret were sent, and are not kept: put them in", "error")
        else:
            message = f"{REMOVED} may stand for something that looked like a secret"
            yield Finding("removed", name, message, "warning")


def _find_parent(video: Video) -> Link | None:
    links = [link for link in _links(video) if link.relation in _VERBS]
    return min(links, key=lambda link: _WITNESSES.index(link.origin), default=None)


def _links(video: Video) -> list[Link]:
    return [link for link in video.links if link.child == video.ref and link.origin in _WITNESSES]


def write_seconds(seconds: float, limits: Limits) -> str | float:
    """A length as the server documents it, text where it documents neither."""
    plain: float = int(seconds) if seconds == int(seconds) else round(seconds, 3)
    return plain if limits.seconds_form == "number" else f"{plain}"


def put_seed(body: dict[str, Any], seed: int | str) -> None:
    """Put the seed where the request has one, else where it has its parameters."""
    inner = [child for child in body.values() if isinstance(child, dict)]
    levels = [body, *inner]
    level = next((level for level in levels if "seed" in level), None)
    if level is None:
        level = next((body[key] for key in ("parameters", "input") if isinstance(body.get(key), dict)), body)
    old = level.get("seed")
    level["seed"] = str(seed) if isinstance(old, str) else seed


def _has_seed(body: Mapping[str, Any]) -> bool:
    return any(level.get("seed") is not None for level in (body, *body.values()) if isinstance(level, Mapping))


def _number(seed: str) -> int | str:
    return int(seed) if re.fullmatch(r"-?\d{1,20}", seed) else seed


def seconds_name(body: Mapping[str, Any], limits: Limits) -> str:
    """How the request calls its length."""
    return next((key for key in SECONDS_KEYS if key in body), limits.seconds_key)
