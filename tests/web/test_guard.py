"""What other sites can do with the pages: nothing."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.web.guard import own_path
from tests.house import LONG

if TYPE_CHECKING:
    from tests.web.conftest import Site

TARGETS = [
    "/\\evil.example/",
    "/\\evil.example/?x=1",
    "/\\\\evil.example/",
    "\\evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\/evil.example/",
    "/%5cevil.example/",
    "/%5C%5Cevil.example/",
    "/%2f%2fevil.example/",
    "/%2F/evil.example/",
    "/%09/evil.example/",
    "/%0a/evil.example/",
    "/%0d%0aLocation:%20http://evil.example/",
    "/.//evil.example/",
    "/catalog/..//evil.example/",
    "/@evil.example/",
    "/:80@evil.example/",
    "http://evil.example/",
    "http://evil.example/catalog/",
    "https:evil.example/",
    "javascript:alert(1)/",
    "/\\evil.example/catalog.jsono",
    "//evil.example/videos.jsono",
    "/catalog/",
    "/catalog/videos/",
    "/catalog/videos.jsono",
    "/catalog/videos?_filter_column=model&_filter_op=exact&_filter_value=//evil.example",
    "/catalog/videos?_sort=model&_sort_by_desc=on",
    "/-/logout",
]
PLACES = {
    "gallery": "/",
    "part of the gallery": "/-/gallery/results?q=neon",
    "script of the gallery": "/-/gallery/static/core.js",
    "no page of the gallery": "/-/gallery/nothing",
    "media": "/-/media/" + "0" * 64 + ".mp4",
    "home": "/.json",
    "database": "/catalog",
    "table": "/catalog/videos",
    "facets and search": "/catalog/videos?_search=neon&_facet=model",
    "row": "/catalog/videos/1",
    "named query": "/catalog/descendants?ref=studio:root",
    "JSON": "/catalog/videos.json",
    "CSV": "/catalog/videos.csv",
    "streamed CSV": "/catalog/videos.csv?_stream=1&_dl=on",
    "script": "/-/static/table.js",
    "style": "/-/static/app.css",
    "settings": "/-/settings.json",
    "icon": "/favicon.ico",
    "redirect": "/catalog/",
    "missing": "/catalog/nothing",
    "missing file": "/-/static/nothing.js",
    "mistake": "/catalog/videos?_size=x",
    "refused": "/catalog?sql=select+1",
}
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>")


def send(site: Site, data: bytes) -> httpx.Response:
    """The answer to these bytes, whatever they are."""
    with socket.create_connection((site.base_url.host, site.base_url.port), timeout=LONG) as connection:
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, _ = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return httpx.Response(int(status.split()[1]), headers=[tuple(line.split(": ", 1)) for line in lines])


def ask(site: Site, target: str, host: str = "localhost") -> httpx.Response:
    return send(site, f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1"))


def origin(location: str, base: str = "http://localhost:8001/catalog/videos") -> str:
    """Where a browser goes: it skips tabs and line ends, and reads a backslash as a slash."""
    url = urlsplit(urljoin(base, re.sub(r"[\t\r\n]", "", location).strip(" \x00").replace("\\", "/")))
    return f"{url.scheme}://{url.netloc}"


def assert_closed(answer: httpx.Response) -> None:
    """The answer may be shown in no frame of another site, and runs no script but ours."""
    headers = answer.headers
    assert headers.get_list("x-frame-options") == ["DENY"]
    assert headers.get_list("x-content-type-options") == ["nosniff"]
    assert headers.get_list("referrer-policy") == ["same-origin"]
    assert headers.get_list("cross-origin-resource-policy") == ["same-origin"]
    (policy,) = headers.get_list("content-security-policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] in {"'self'", "'none'"}
    assert "unsafe" not in rules.get("script-src", rules["default-src"])
    assert {rules.get(name, "'none'") for name in ("frame-ancestors", "base-uri")} == {"'none'"}
    assert "'none'" in {rules["default-src"], rules.get("object-src")}
    assert rules.get("form-action", "'self'") == "'self'"


@pytest.mark.parametrize("target", TARGETS)
def test_a_redirect_leads_nowhere_else(site: Site, target: str) -> None:
    answer = ask(site, target)
    assert answer.status_code < 500
    if answer.is_redirect:
        assert origin(answer.headers["location"]) == "http://localhost:8001"
        assert "link" not in answer.headers
    assert_closed(answer)


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost@evil.example", "localhost:80@evil.example", "evil.example:8001"]
)
def test_a_host_of_others_gets_no_redirect(site: Site, host: str) -> None:
    answer = ask(site, "/catalog/", host)
    assert (answer.status_code, answer.headers.get("location")) == (421, None)
    assert_closed(answer)


def test_redirects_of_our_own_arrive(site: Site) -> None:
    assert ask(site, "/catalog/videos/?_size=5").headers["location"] == "/catalog/videos?_size=5"
    wanted = "/catalog/videos?_filter_column=model&_filter_op=exact&_filter_value=sora-2"
    assert site.get(wanted, follow_redirects=True).url.query == b"model__exact=sora-2"


@given(st.text(alphabet="/\\\t\r\n \x00%25cf.:@evil?#é", max_size=20) | st.text())
def test_a_location_is_a_path_of_ours_however_it_is_written(text: str) -> None:
    location = own_path(text.encode("utf-8", "replace")).decode("ascii")
    assert origin(location) == "http://localhost:8001"
    assert re.fullmatch(r"(/(?![/\\])|\?)?[!-~]*", location)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_every_answer_is_closed_to_other_sites(site: Site, place: str) -> None:
    assert_closed(site.get(place))
    assert_closed(site.head(place))


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"GET /\x09x HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_an_answer_to_no_request_is_closed_too(site: Site, data: bytes) -> None:
    answer = send(site, data)
    assert answer.status_code == 400
    assert_closed(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE", "TRACE", "FOO"])
@pytest.mark.parametrize("place", ["/catalog/videos", "/-/logout", "/-/messages"])
def test_an_answer_to_another_method_is_closed_too(site: Site, method: str, place: str) -> None:
    answer = site.request(method, place)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert_closed(answer)


@pytest.mark.parametrize("place", ["/\\evil.example/", "/\\", "/catalog\\videos", "/-/media/..\\..\\x"])
def test_a_path_with_a_backslash_is_refused(site: Site, place: str) -> None:
    answer = ask(site, place)
    assert answer.status_code == 400
    assert_closed(answer)


def test_scripts_of_templates_carry_a_new_nonce_each_time(open_site: Site) -> None:
    seen = set()
    for place in ["/catalog", "/catalog?sql=select+1", "/catalog/videos", "/catalog/videos/1", "/catalog/nothing"]:
        answer = open_site.get(place)
        nonce = re.search(r"'nonce-([\w-]{20,})'", answer.headers["content-security-policy"])[1]
        scripts = INLINE.findall(answer.text)
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert not re.search(r"<[a-z][^>]*\son\w+=", answer.text)
        seen.add(nonce)
    assert len(seen) == 5


def test_a_script_that_a_page_shows_has_no_nonce(open_site: Site) -> None:
    sql = "select 'x' as \"<script>alert(1)</script>\", '<script>alert(2)</script>' as text"
    page = open_site.get("/catalog", params={"sql": sql}).text
    assert "alert(2)" in page
    assert not [script for script in INLINE.findall(page) if "nonce=" not in script]
    assert "<script>alert" not in page


@pytest.mark.parametrize("place", ["/", "/catalog?sql=select+1", "/catalog/videos", "/catalog/videos/1"])
def test_all_that_a_page_loads_comes_from_its_own_server(open_site: Site, place: str) -> None:
    page = open_site.get(place).text
    loaded = re.findall(r"<(?:script|img|iframe|video)[^>]*\bsrc=\"([^\"]+)", page)
    loaded += re.findall(r"<link[^>]*rel=\"stylesheet\"[^>]*href=\"([^\"]+)", page)
    assert loaded
    for url in loaded:
        assert url.startswith(("/-/static/", "/-/gallery/static/", "data:text/css,"))
        if url.startswith("/"):
            assert open_site.get(url).status_code == 200
