"""Who may write: whoever opened the printed address, from a page of ours, and nobody else."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
import pytest

from catalog import Catalog
from catalog.errors import ConfigError
from catalog.web.serve import serve
from tests.house import LONG
from tests.web.conftest import Site, fill, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "sesame-7"
WRITING = "/-/gallery/undo"
PAGES = ("/", "/?q=neon", "/-/gallery/results?q=neon", "/catalog", "/catalog/videos", "/catalog/videos/1", "/nothing")


@pytest.fixture(scope="module")
def guarded(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a token, on a library of its own."""
    path = tmp_path_factory.mktemp("guarded") / "catalog.db"
    path.write_bytes(_migrated.read_bytes())
    fill(path)
    with serving(path, token=TOKEN) as running:
        yield running


def cookie_of(site: Site, token: str = TOKEN) -> dict[str, str]:
    return {"cookie": f"catalog-{site.base_url.port}={token}"}


def own(site: Site) -> str:
    """The origin of the server's pages."""
    return str(site.base_url).rstrip("/")


def post(site: Site, headers: dict[str, str], place: str = WRITING) -> httpx.Response:
    return site.post(place, headers=headers, content=b"{}")


def test_the_token_becomes_a_cookie_and_leaves_the_address(guarded: Site) -> None:
    answer = guarded.get("/", params={"q": "neon", "token": TOKEN, "sort": "-cost"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?q=neon&sort=-cost"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"catalog-{guarded.base_url.port}={TOKEN};")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    guarded.cookies.clear()


@pytest.mark.parametrize(
    ("place", "clean"),
    [
        (f"/?token={TOKEN}", "/"),
        (f"//evil.example/?token={TOKEN}", "/evil.example/"),
        (f"/catalog/videos?_facet=model&_facet=status&token={TOKEN}", "/catalog/videos?_facet=model&_facet=status"),
        (f"/?q=%E6%9D%B1%E4%BA%AC+%22a%22&token=wrong&token={TOKEN}", "/?q=%E6%9D%B1%E4%BA%AC+%22a%22"),
        (f"/lineage/a%3Ab%2Fc%3F?token={TOKEN}", "/lineage/a%3Ab%2Fc%3F"),
    ],
)
def test_the_address_without_the_token_is_otherwise_the_same(guarded: Site, place: str, clean: str) -> None:
    with closing(http.client.HTTPConnection(guarded.base_url.host, guarded.base_url.port, timeout=LONG)) as connection:
        connection.request("GET", place)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Location")) == (303, clean)


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "é", "\x00", "x" * 5000])
def test_a_wrong_token_opens_nothing(guarded: Site, token: str) -> None:
    answer = guarded.get("/", params={"token": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert TOKEN not in answer.text
    assert post(guarded, cookie_of(guarded, "wrong") | {"origin": own(guarded)}).status_code == 403


@pytest.mark.parametrize("place", PAGES)
def test_the_token_is_on_no_page(guarded: Site, place: str) -> None:
    answer = guarded.get(place, headers=cookie_of(guarded))
    assert TOKEN not in answer.text
    assert TOKEN not in str(answer.headers)


def test_pages_are_read_only_without_the_token_and_say_so(guarded: Site, site: Site) -> None:
    assert "Read-only" in guarded.get("/").text
    assert "Read-only" not in guarded.get("/", headers=cookie_of(guarded)).text
    assert "Read-only" in site.get("/", headers=cookie_of(site)).text
    assert site.get("/", params={"token": TOKEN}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"origin": "OWN"}, True),
        ({"origin": "OWN", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "http://localhost"}, False),
        ({"origin": "http://127.0.0.1:1"}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "OWN", "sec-fetch-site": "same-site"}, False),
        ({"origin": "OWN", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "OWN", "sec-fetch-site": "none"}, False),
        ({"origin": "OWN", "sec-fetch-site": ""}, False),
    ],
)
def test_only_pages_of_ours_write(guarded: Site, headers: dict[str, str], is_taken: bool) -> None:
    sent = {name: own(guarded) if value == "OWN" else value for name, value in headers.items()}
    note = f"noted with {headers}"

    def write(more: dict[str, str]) -> tuple[int, str | None]:
        """The status of an edit, and the note that the library has then."""
        body = {"act": "note", "refs": ["studio:root"], "value": note}
        status = guarded.post("/-/gallery/edit", headers=sent | more, json=body).status_code
        with Catalog.open(guarded.path) as catalog:
            return status, catalog.get("studio:root").note

    assert write({})[0] == 403
    status, kept = write(cookie_of(guarded))
    assert (status, kept == note) == ((200, True) if is_taken else (403, False))


def test_a_selection_is_exported_by_post_without_the_token_and_only_from_here(guarded: Site) -> None:
    place, form = "/-/gallery/export", {"refs": "studio:root\nstudio:child"}
    for cookie in ({}, cookie_of(guarded)):
        answer = guarded.post(place, headers=cookie | {"origin": own(guarded)}, data=form)
        assert (answer.status_code, [json.loads(line)["ref"] for line in answer.text.splitlines()]) == (
            200,
            ["studio:root", "studio:child"],
        )
        for origin in ({}, {"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
            assert guarded.post(place, headers=cookie | origin, data=form).status_code == 403
    foreign = {"host": "evil.example", "origin": "http://evil.example"}
    assert guarded.post(place, headers=foreign, data=form).status_code == 421


@pytest.mark.parametrize(
    "cookie",
    [
        "{other}; {ours}",
        'app={{"a": [1, 2]}}; {ours}',
        "bad name=1; {ours}; =; ;;",
        'session="unclosed; {ours}',
        "catalog-1=other; {ours}; catalog-2=other",
        "é=ü; {ours}",
    ],
)
def test_cookies_of_other_programs_of_this_machine_do_not_matter(guarded: Site, cookie: str) -> None:
    ours = cookie_of(guarded)["cookie"]
    text = cookie.format(ours=ours, other="jupyter-token=abc").encode()
    assert "Read-only" not in guarded.get("/", headers={b"cookie": text}).text
    assert "Read-only" in guarded.get("/", headers={b"cookie": text.replace(TOKEN.encode(), b"other")}).text


def test_the_cookie_of_a_server_at_another_port_opens_nothing(guarded: Site) -> None:
    assert (
        "Read-only" in guarded.get("/", headers={"cookie": f"catalog-1={TOKEN}; catalog={TOKEN}; token={TOKEN}"}).text
    )


def test_an_address_that_writes_is_not_asked_with_get(guarded: Site) -> None:
    assert guarded.get(WRITING, headers=cookie_of(guarded)).status_code == 405


@pytest.mark.parametrize("place", ["/", "/-/media/" + "0" * 64 + ".mp4", "/-/gallery/results"])
def test_an_address_that_reads_is_not_written_to(guarded: Site, place: str) -> None:
    assert post(guarded, {"origin": own(guarded)}, place).status_code == 403
    answer = post(guarded, cookie_of(guarded) | {"origin": own(guarded)}, place)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1].evil.example", "0.0.0.0"]
)
def test_a_foreign_host_gets_nothing(guarded: Site, host: str) -> None:
    answer = guarded.get("/", headers={"host": host} | cookie_of(guarded))
    assert answer.status_code == 421
    assert "studio" not in answer.text
    sent = cookie_of(guarded) | {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert post(guarded, sent).status_code == 421


@pytest.mark.parametrize(
    "place",
    [
        "/?q=%",
        "/?q=%zz%",
        "/?q=%ff%fe",
        "/?q=%00",
        "/?%ff=%ff",
        "/?q=%ed%a0%80",
        "/%ff",
        "/%",
        "/%00",
        "/lineage/%ff%zz",
        "/-/media/%ff",
        "/-/media/..%2f..%2fcatalog.db",
        "/-/media/" + "%2e%2e/" * 8 + "etc/passwd",
        "/-/gallery/static/..%2f..%2fpages.py",
        "/-/gallery/static/../pages.py",
        "/?after=%ff&before=x",
        "/?size=%00&sort=%ff&view=x&stack=1&q=",
        "/?open=" + "x" * 5000,
        "/?compare=" + "," * 300,
        "/?" + "&".join(f"a{number}=1" for number in range(2000)),
        "/?q=" + "(" * 3000,
        "/?q=" + "-" * 9000,
        "/catalog/videos?_search=%ff",
    ],
)
def test_whatever_is_asked_for_is_answered(guarded: Site, place: str) -> None:
    with closing(http.client.HTTPConnection(guarded.base_url.host, guarded.base_url.port, timeout=LONG)) as connection:
        connection.request("GET", place)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8")
    assert answer.status in {200, 302, 400, 404}
    assert text or answer.getheader("Location").startswith("/")
    assert "Traceback" not in text
    assert "root:" not in text


def test_a_query_of_ten_thousand_characters_is_answered_in_words(guarded: Site) -> None:
    for query in ("x" * 10_000, "neon " * 2_000, '"' * 10_000, "東" * 3_333):
        started = time.monotonic()
        answer = guarded.get("/", params={"q": query})
        assert answer.status_code == 200 or 400 <= answer.status_code < 500
        assert answer.text.strip()
        assert time.monotonic() - started < LONG / 4
    assert guarded.get("/").status_code == 200


def test_headers_without_end_are_refused(guarded: Site) -> None:
    with closing(http.client.HTTPConnection(guarded.base_url.host, guarded.base_url.port, timeout=LONG)) as connection:
        connection.putrequest("GET", "/")
        connection.putheader("x-long", "x" * 200_000)
        with suppress(OSError):  # it may have closed the connection before it took all
            connection.endheaders()
            assert connection.getresponse().status in {400, 431}
    assert guarded.get("/").status_code == 200


def test_a_body_without_end_is_refused(guarded: Site) -> None:
    headers = cookie_of(guarded) | {"origin": own(guarded)}
    with suppress(httpx.TransportError):  # it may have closed the connection before it took all
        assert guarded.post(WRITING, headers=headers, content=b"x" * (5 << 20)).status_code == 413
    assert guarded.get("/").status_code == 200


def test_visitors_who_are_slow_hold_up_nobody(guarded: Site) -> None:
    """Twenty that never end their requests, and twenty that take nothing of what they asked for."""
    address = (guarded.base_url.host, guarded.base_url.port)
    port = guarded.base_url.port
    own_headers = f"Host: 127.0.0.1\r\nCookie: catalog-{port}={TOKEN}\r\nOrigin: {own(guarded)}\r\n"
    slow = []
    try:
        for _ in range(20):
            visitor = socket.create_connection(address, timeout=LONG)
            visitor.sendall(f"POST {WRITING} HTTP/1.1\r\n{own_headers}Content-Length: 5000\r\n\r\n{{".encode())
            slow.append(visitor)
            visitor = socket.create_connection(address, timeout=LONG)
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            visitor.sendall(b"GET /-/gallery/static/core.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HT")
            slow.append(visitor)
        started = time.monotonic()
        assert guarded.get("/", params={"q": "neon"}).status_code == 200
        assert time.monotonic() - started < LONG / 4
    finally:
        for visitor in slow:
            visitor.close()


def test_other_machines_need_a_token(library_path: Path) -> None:
    with pytest.raises(ConfigError, match="with a token only"):
        serve(library_path, port=0, host="0.0.0.0")


def test_who_comes_from_another_machine_sees_nothing_without_the_token(library_path: Path) -> None:
    with serving(library_path, host="0.0.0.0", token=TOKEN) as site:
        port = site.base_url.port
        here = f"http://127.0.0.1:{port}"
        for place in (*PAGES, "/-/gallery/static/core.js", "/catalog.json"):
            answer = httpx.get(f"{here}{place}", trust_env=False, timeout=LONG)
            assert (answer.status_code, "printed" in answer.text) == (403, True)
        with httpx.Client(base_url=here, trust_env=False, timeout=LONG, follow_redirects=True) as visitor:
            opened = visitor.get("/", params={"token": TOKEN})
            assert (opened.status_code, TOKEN in str(opened.url)) == (200, False)
            assert "Read-only" not in opened.text
            assert visitor.get("/catalog.json").status_code == 200


def test_every_address_keeps_the_query_out_of_the_page_as_markup(guarded: Site) -> None:
    payload = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
    for name in ("q", "sort", "size", "view", "stack", "open", "compare", "review", "after", "before", "x"):
        text = guarded.get(f"/?{urlencode({name: payload})}").text
        assert "<script>alert" not in text
        assert not re.search(r"<img[^>]+onerror", text)
