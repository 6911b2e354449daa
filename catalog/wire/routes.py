"""Which call a method and a path make: one of the format, wherever it is mounted, or of a dialect with its own paths.

The first route that fits counts, those of a dialect before those of the format. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from catalog.wire.parts import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.wire.dialects import Dialect

Name = Literal[Verb, "list", "retrieve", "delete", "upload", "batch", "results"]

_FORMAT: tuple[tuple[str, re.Pattern[str], Name], ...] = (
    ("POST", re.compile(r".*/files"), "upload"),
    ("POST", re.compile(r".*/batches"), "batch"),
    ("GET", re.compile(r".*/batches/([^/]+)"), "batch"),
    ("GET", re.compile(r".*/files/([^/]+)/content"), "results"),
    ("POST", re.compile(r".*/videos/([^/]+)/remix"), "remix"),
    ("POST", re.compile(r".*/videos/edits"), "edit"),
    ("POST", re.compile(r".*/videos/extensions"), "extension"),
    ("POST", re.compile(r".*/videos/characters"), "character"),
    ("GET", re.compile(r".*/videos/characters/([^/]+)"), "character"),
    ("POST", re.compile(r".*/videos(?:/generations)?"), "create"),
    ("POST", re.compile(r".*/video/generations(?:/jobs)?"), "create"),
    ("GET", re.compile(r".*/videos"), "list"),
    ("GET", re.compile(r".*/(?:videos|tasks|video/generations(?:/jobs)?)/([^/]+)"), "retrieve"),
    ("DELETE", re.compile(r".*/videos/([^/]+)"), "delete"),
)

# The paths of a dialect, and how the format writes the same call.
_DIALECT: tuple[tuple[str, str, Name, str], ...] = (
    ("POST", "create_path", "create", "/v1/videos"),
    ("POST", "edit_path", "edit", "/v1/videos/edits"),
    ("POST", "extend_path", "extension", "/v1/videos/extensions"),
    ("POST", "characters_path", "character", "/v1/videos/characters"),
    ("POST", "remix_path", "remix", "/v1/videos/{id}/remix"),
    ("GET", "list_path", "list", "/v1/videos"),
    ("GET", "character_path", "character", "/v1/videos/characters/{id}"),
    ("GET", "retrieve_path", "retrieve", "/v1/videos/{id}"),
    ("DELETE", "retrieve_path", "delete", "/v1/videos/{id}"),
)


class OwnRoute(NamedTuple):
    """How a dialect writes a call, and how the format writes it."""

    method: str
    pattern: re.Pattern[str]
    name: Name
    form: str


class Route(NamedTuple):
    """A call: its name, the id in its path, decoded, and its path as the format writes it, without a query."""

    name: Name
    id: str | None
    path: str


def read_route(method: str, path: str, own: Sequence[OwnRoute] = (), *, mount: str | None = None) -> Route | None:
    """The call, None where it belongs neither to the format nor to a dialect's `own` routes, as `routes_of` lists them.

    `path` may be a whole URL. `mount` is the path of the base URL that the own routes must follow; without it they may
    follow any path.
    """
    method = method.upper()
    bare, _, query = path.partition("#")[0].partition("?")
    bare = "/" + bare.strip("/")
    usual = _read_usual(method, bare)
    for route in own:
        match = route.pattern.fullmatch(f"{bare}?{query}") if route.method == method else None
        if match is None or (mount is not None and match["mount"] != mount.rstrip("/")):
            continue
        if usual and usual.name == route.name:
            return usual
        remote_id = match.groupdict().get("id")
        return Route(route.name, remote_id and unquote(remote_id), route.form.replace("{id}", remote_id or ""))
    return usual


def _read_usual(method: str, bare: str) -> Route | None:
    for wanted, pattern, name in _FORMAT:
        if wanted == method and (match := pattern.fullmatch(bare)):
            return Route(name, unquote(match[1]) if match.groups() else None, bare)
    return None


def routes_of(dialect: Dialect) -> tuple[OwnRoute, ...]:
    """The routes of a dialect by its own paths; of a path's query only the id counts."""
    routes = []
    for method, setting, name, form in _DIALECT:
        template: str | None = getattr(dialect, setting)
        if template is not None:
            path, _, query = template.partition("?")
            parameter = next((part for part in query.split("&") if "{id}" in part), "")
            pattern = rf"(?P<mount>[^?]*){_pattern(path.rstrip('/'))}\?(?:.*&)?{_pattern(parameter)}(?:&.*)?"
            routes.append(OwnRoute(method, re.compile(pattern if parameter else pattern + ".*"), name, form))
    return tuple(routes)


def _pattern(template: str) -> str:
    return re.escape(template).replace(r"\{id\}", "(?P<id>[^/?&]+)")
