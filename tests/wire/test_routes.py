"""Which call a method and a path are."""

from __future__ import annotations

import pytest

from catalog.wire.dialects import DIALECTS, customise
from catalog.wire.routes import read_route, routes_of

OWN = routes_of(
    customise(
        DIALECTS["generic"],
        {
            "create_path": "/jobs?kind=video",
            "retrieve_path": "/jobs/{id}",
            "remix_path": "/jobs/{id}/again",
            "edit_path": False,
            "characters_path": "/videos",
        },
    )
)


@pytest.mark.parametrize(
    ("method", "path", "name", "remote_id"),
    [
        ("POST", "/v1/videos", "create", None),
        ("post", "https://host/openai/v1/videos/?x=1", "create", None),
        ("POST", "/v1/video/generations/jobs", "create", None),
        ("POST", "/v1/videos/video_1/remix", "remix", "video_1"),
        ("POST", "/v1/videos/edits", "edit", None),
        ("POST", "/v1/videos/characters", "character", None),
        ("GET", "/v1/videos/characters/char%2F1", "character", "char/1"),
        ("GET", "/v1/videos", "list", None),
        ("GET", "/v1/tasks/t_1", "retrieve", "t_1"),
        ("DELETE", "/v1/videos/video_1", "delete", "video_1"),
        ("GET", "/v1/files/file_1/content", "results", "file_1"),
    ],
)
def test_the_format_is_read_wherever_it_is_mounted(method: str, path: str, name: str, remote_id: str | None) -> None:
    route = read_route(method, path)
    assert route is not None
    assert (route.name, route.id) == (name, remote_id)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/videos"), ("POST", "/v1/jobs"), ("GET", "/v1/videos/video_1/content"), ("GET", "")],
)
def test_what_is_neither_is_no_route(method: str, path: str) -> None:
    assert read_route(method, path) is None


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/v1/jobs", ("create", None, "/v1/videos")),
        ("POST", "/v1/jobs/a%20b/again?x=1", ("remix", "a b", "/v1/videos/a%20b/remix")),
        ("GET", "/v1/jobs/7/", ("retrieve", "7", "/v1/videos/7")),
        ("DELETE", "/v1/jobs/7", ("delete", "7", "/v1/videos/7")),
        ("POST", "/v1/videos", ("character", None, "/v1/videos/characters")),
        ("POST", "/v1/videos/edits", ("edit", None, "/v1/videos/edits")),
        ("GET", "/v1/videos", ("list", None, "/v1/videos")),
    ],
)
def test_own_paths_go_before_those_of_the_format_and_are_written_as_there(
    method: str, path: str, route: tuple[str, str | None, str]
) -> None:
    assert read_route(method, path, OWN, mount="/v1") == route


@pytest.mark.parametrize(
    ("path", "remote_id"),
    [
        ("/v1/query?id=v%201", "v 1"),
        ("/v1/query?page=2&id=v1&x=3", "v1"),
        ("/v1/query?other_id=v1", None),
        ("/v1/query", None),
    ],
)
def test_an_id_may_stand_in_the_query(path: str, remote_id: str | None) -> None:
    own = routes_of(customise(DIALECTS["generic"], {"retrieve_path": "/query?task=x&id={id}"}))
    route = read_route("GET", path, own, mount="/v1")
    assert (route and route.id) == remote_id
    assert (route is None) == (remote_id is None)


def test_own_paths_follow_the_base_url_where_it_is_known() -> None:
    assert read_route("POST", "/v1/other/jobs", OWN, mount="/v1") is None
    assert read_route("POST", "/v1/other/jobs", OWN) == ("create", None, "/v1/videos")
    assert read_route("POST", "/jobs", OWN, mount="/") == ("create", None, "/v1/videos")


def test_a_path_that_the_format_reads_the_same_way_stays_as_it_is() -> None:
    own = routes_of(DIALECTS["azure"])
    assert read_route("POST", "/openai/v1/videos", own, mount="/openai/v1") == ("create", None, "/openai/v1/videos")


@pytest.mark.parametrize("name", DIALECTS)
def test_the_calls_of_every_dialect_are_known(name: str) -> None:
    dialect = DIALECTS[name]
    for method, path, call in (("POST", dialect.create_path, "create"), ("GET", dialect.retrieve_path, "retrieve")):
        if path is None:
            continue
        route = read_route(method, f"/v1{path.replace('{id}', 'x')}", routes_of(dialect), mount="/v1")
        assert route is not None
        assert route.name == call
