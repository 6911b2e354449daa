"""What a request for a video says: its prompt and its parents.

Servers drop prompts, and their answers do not mention edits, extensions and characters, so the request is often the
only witness. `parse_request` reads one as it passes, whatever the JSON; `validate` judges one before it is sent, by the
rules in `rules`. A body is a JSON object or a form with bracket keys; a file in it is a `parts.FilePart`, bytes, a
`(name, bytes)` pair or a `Path`. However it came in, a request is kept in the form of a line of a Batch input file, so
that prompts and settings that no server echoes can be read again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast, get_args

from catalog.fields import REQUESTED, TABLE
from catalog.wire import rules
from catalog.wire.answers import ParsedVideo
from catalog.wire.cuts import CUT, describe_cuts
from catalog.wire.fields import REQUEST_LOOKUPS
from catalog.wire.ids import raw_id
from catalog.wire.levels import read_levels
from catalog.wire.parameters import known_parameters, read_parameters
from catalog.wire.parse import parse_videos
from catalog.wire.parts import SECONDS_KEYS, Verb, as_json, name_of, nested, object_of
from catalog.wire.routes import read_route
from catalog.wire.rules import Finding
from catalog.wire.sizes import find_size
from catalog.wire.values import Value, read_frame, read_pixels, read_seconds, read_seed, read_text, readable
from catalog.wire.words import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Finding",
    "ParsedRequest",
    "RequestLink",
    "parse_body",
    "parse_line",
    "parse_request",
    "read_observed",
    "read_request",
    "request_line",
    "validate",
]

Relation = Literal["remix", "edit", "extension", "character", "reference"]

VIDEO_RELATIONS: Mapping[Verb, Relation] = {"edit": "edit", "extension": "extension", "character": "character"}
PARENT_FIELDS: tuple[tuple[str, Relation], ...] = (
    ("base_video_task_id", "remix"),
    ("characters", "character"),
    ("character_ids", "character"),
    ("input_reference", "reference"),
    ("reference_images", "reference"),
)
METADATA_PARENTS: tuple[tuple[str, Relation], ...] = (("source_video_url", "edit"),)

_VERBS: frozenset[str] = frozenset(get_args(Verb))
GONE = frozenset({404, 410})
_TEXT_FIELDS = (
    *(column.name for column in TABLE if column.requested and column.key == column.name and column.type is str),
    "name",
)


class RequestLink(NamedTuple):
    """A parent that a request names: a video id, a character id, a file id, a URL or the name of a file.

    A URL is as sent: its query is removed before it is stored. A file without a name is `sha256:…` of its bytes.
    """

    relation: Relation
    parent: str


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """What one request says; what it leaves out is None.

    `name` is the name of the character to be made. `extra` holds every other field, files by name.
    """

    verb: Verb
    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    size_text: str | None = None
    quality: str | None = None
    tier: str | None = None
    seed: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    links: tuple[RequestLink, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def parse_request(method: str, path: str, body: object) -> ParsedRequest | None:
    """What a request says, None when the call makes neither a video nor a character.

    `path` may be a whole URL. A body that is not an object is ignored; a remix still names its parent in the path.
    """
    route = read_route(method, path) if method.upper() == "POST" else None
    if route is None or route.name not in _VERBS:
        return None
    return parse_body(cast("Verb", route.name), body, parent=route.id)


def validate(request: object, dialect: str, *, verb: Verb | None = None) -> list[Finding]:
    """What a server of `dialect` is likely to object to, in the order of the rules; empty when nothing is.

    `request` is a line of a Batch input file, whose URL says what it asks for, or a body, which itself does where no
    `verb` is given.
    """
    if not (isinstance(request, Mapping) and "url" in request):
        return rules.validate(request, dialect, verb=verb)
    asked = parse_request(str(request.get("method", "POST")), str(request["url"]), request.get("body"))
    if asked is None:
        return [Finding("url_unknown", "url", "this call does not make a video", "error")]
    return rules.validate(request.get("body"), dialect, verb=asked.verb)


def parse_body(verb: Verb, body: object, *, parent: str | None = None) -> ParsedRequest:
    """What the body of a call of this kind says; `parent` is the id in the path of a remix."""
    rest = nested(body) if isinstance(body, Mapping) else {}
    sent_metadata = object_of(rest.get("metadata"))
    metadata = {} if sent_metadata is None else {str(key): value for key, value in sent_metadata.items()}
    links = tuple(dict.fromkeys(_links(verb, rest, metadata, parent)))
    texts = {name: _take(rest, name, read_seed if name == "seed" else read_text) for name in _TEXT_FIELDS}
    lengths = [_take(rest, key, read_seconds) for key in SECONDS_KEYS]
    size_text = _take(rest, "size", read_text)
    frame = read_frame(size_text) if size_text else None
    sides = (_take(rest, "width", read_pixels), _take(rest, "height", read_pixels))
    if sent_metadata is not None:
        del rest["metadata"]
    inner = read_levels(spelled(rest)[0]).requests
    if not size_text and not any(sides):
        frame, size_text = find_size({}, inner)
    values = {**texts, "seconds": next((length for length in lengths if length is not None), None)}
    return ParsedRequest(
        verb,
        **values | _fill(values, inner),
        width=frame[0] if frame else sides[0],
        height=frame[1] if frame else sides[1],
        size_text=size_text,
        parameters=_take_parameters(rest, inner),
        metadata=metadata,
        links=links,
        extra={key: as_json(value) for key, value in rest.items()},
    )


def _fill(values: Mapping[str, Any], inner: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields that the body leaves open, from the objects inside it: `input`, `parameters`."""
    filled: dict[str, Any] = {}
    for field_name, keys, _, read in REQUEST_LOOKUPS:
        if field_name in values and values[field_name] is None:
            raws = (readable(level.get(key), read) for level in inner for key in keys)
            filled.setdefault(field_name, next((value for value in raws if value is not None), None))
    return filled


def _take_parameters(rest: dict[str, object], inner: list[dict[str, Any]]) -> dict[str, Any]:
    """The parameters of generation in a body, taken out of `rest`; those of objects inside it stay there too."""
    named, spelling, _ = spelled(rest)
    own = known_parameters(named)
    parameters = read_parameters(inner) | own
    for key in own:
        del rest[spelling.get(key, key)]
    if rest.get("parameters") == parameters != {}:
        del rest["parameters"]
    return parameters


def _links(
    verb: Verb, rest: dict[str, object], metadata: Mapping[str, object], parent: str | None
) -> Iterator[RequestLink]:
    """The parents in the order a reader would name them; takes what it reads out of `rest`."""
    fields = list(PARENT_FIELDS)
    if verb in VIDEO_RELATIONS:
        fields.insert(0, ("video", VIDEO_RELATIONS[verb]))
    if parent and parent.strip():
        yield RequestLink("remix", raw_id(parent))
    for key, relation in fields:
        parts = rest.get(key)
        names = [name_of(part) for part in (parts if isinstance(parts, list) else [parts])]
        if all(names):
            rest.pop(key, None)
        yield from (RequestLink(relation, raw_id(name)) for name in names if name)
    for key, relation in METADATA_PARENTS:
        if isinstance(url := metadata.get(key), str) and (name := name_of(url)):
            yield RequestLink(relation, name)


def _take(rest: dict[str, object], key: str, read: Callable[[object], Value | None]) -> Value | None:
    """The value under `key`, taken out of `rest`; what cannot be read stays there."""
    value = readable(rest.get(key), read)
    if value is not None:
        del rest[key]
    return value


def read_observed(payload: object, remote_id: str, http_status: int = 200) -> ParsedVideo | None:
    """The video as a payload that is kept describes it; None where it says that the job does not exist."""
    if http_status in GONE:
        return None
    flaws = describe_cuts(payload)
    if flaws and isinstance(payload, dict):
        payload = {key: value for key, value in payload.items() if key != CUT}
    videos = parse_videos(payload, asked_id=remote_id, http_status=http_status).videos
    video = videos[0] if videos else read_request(payload, remote_id)
    return replace(video, flaws=(*video.flaws, *flaws)) if video and flaws else video


def request_line(method: str, url: str, body: object, custom_id: str | None = None) -> dict[str, Any]:
    """A request in the form it is kept in, with the names of files in place of their bytes."""
    line: dict[str, Any] = {"method": method, "url": url, "body": as_json(body)}
    return line if custom_id is None else {"custom_id": custom_id, **line}


def read_request(line: object, remote_id: str) -> ParsedVideo | None:
    """The video that a kept request asked for; None where the payload is not such a request."""
    request = parse_line(line)
    if request is None or not isinstance(line, dict):
        return None
    values = {name: getattr(request, name) for name in REQUESTED}
    return ParsedVideo(remote_id, **values, metadata=_flat(request.metadata), payload=line)


def parse_line(line: object) -> ParsedRequest | None:
    """The request in a line as `request_line` writes it; None where the line is something else."""
    if not isinstance(line, Mapping) or not isinstance(line.get("url"), str):
        return None
    method = line.get("method")
    return parse_request(method if isinstance(method, str) else "POST", line["url"], line.get("body"))


def _flat(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own entries: in the format, metadata is a map of texts."""
    return {key: value for key, value in metadata.items() if isinstance(value, str)}
