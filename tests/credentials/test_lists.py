"""Trust lists: added, renewed and removed; hostile files; and fetched from a server when that is asked for."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from catalog.api import Catalog
from catalog.credentials.lists import OFFICIAL_LISTS, add_list, list_entries, read_profile, update_lists
from catalog.errors import ConfigError, NotFound, ProvenanceError
from catalog.provenance.authority import Authority
from catalog.provenance.trust import LONGEST_LIST
from tests.client.server import RawServer, response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from catalog.database import Database
    from tests.client.server import Request

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def roots() -> tuple[str, str]:
    return Authority().root, Authority().root


def etsi(roots: Iterable[str], until: str) -> str:
    """A list in JSON, which is due to be renewed then."""
    certificates = [{"val": re.sub(r"-----[A-Z ]+-----|\s", "", root)} for root in roots]
    service = {"ServiceInformation": {"ServiceDigitalIdentity": {"X509Certificates": certificates}}}
    head = {"SchemeName": [{"value": "Studio list"}], "ListIssueDateTime": "2025-08-05T00:11:47Z", "NextUpdate": until}
    scheme = {"ListAndSchemeInformation": head, "TrustedEntitiesList": [{"TrustedEntityServices": [service]}]}
    return json.dumps({"LoTE": scheme})


def test_a_list_is_kept_with_its_hash_its_source_and_its_dates(
    library: Database, tmp_path: Path, roots: tuple[str, str]
) -> None:
    path = tmp_path / "studio.json"
    path.write_text(etsi(roots, "2026-08-05T00:00:00Z"))
    added = add_list(library, path, now=NOW)
    assert (added.name, added.uri, added.source) == ("Studio list", "list:studio", str(path))
    assert (added.signers, added.time_stampers, added.repeated) == (2, 0, 0)
    assert (added.issued, added.next_update, added.is_overdue) == ("2025-08-05", "2026-08-05", True)
    assert (added.outcome, added.added_at) == ("added", NOW)
    with library.read() as connection:
        (listed,) = list_entries(connection, NOW)
        (before,) = list_entries(connection, NOW - timedelta(days=300))
    assert (listed.sha256, listed.outcome, listed.is_overdue) == (added.sha256, None, True)
    assert not before.is_overdue


def test_a_list_is_renewed_by_the_next_file_of_its_name(
    library: Database, tmp_path: Path, roots: tuple[str, str]
) -> None:
    path, other = tmp_path / "own.pem", tmp_path / "downloads" / "own.pem"
    other.parent.mkdir()
    path.write_text(roots[0])
    assert add_list(library, path).outcome == "added"
    assert add_list(library, path).outcome == "unchanged"
    other.write_text("".join((*roots, roots[0])))
    renewed = add_list(library, other)
    assert (renewed.outcome, renewed.signers, renewed.repeated, renewed.source) == ("renewed", 2, 1, str(other))
    with library.read() as connection:
        assert len(list_entries(connection, NOW)) == 1


def test_the_same_file_is_refused_under_another_name(library: Database, tmp_path: Path, roots: tuple[str, str]) -> None:
    path = tmp_path / "own.pem"
    path.write_text(roots[0])
    add_list(library, path)
    with pytest.raises(ProvenanceError, match='the trust list "own" is the same file already') as caught:
        add_list(library, path, name="mine")
    assert "`catalog trust remove own`" in str(caught.value)


@pytest.mark.parametrize("are_time_stampers", [True, False])
def test_what_certificates_are_of_can_be_said_and_stays(
    library: Database, tmp_path: Path, roots: tuple[str, str], are_time_stampers: bool
) -> None:
    path = tmp_path / "own.pem"
    path.write_text(roots[0])
    added = add_list(library, path, are_time_stampers=are_time_stampers)
    assert (added.signers, added.time_stampers) == ((0, 1) if are_time_stampers else (1, 0))
    with library.read() as connection:
        (restored,) = read_profile(connection).lists
    assert bool(restored.time_stampers) is are_time_stampers
    assert (restored.uri, restored.sha256) == (added.uri, added.sha256)


def test_a_list_is_removed_by_any_of_its_names(library_path: Path, tmp_path: Path, roots: tuple[str, str]) -> None:
    path = tmp_path / "own.pem"
    path.write_text(roots[0])
    with Catalog.open(library_path) as catalog:
        for name in ("My List", "my list", "list:my-list", "my-list"):
            catalog.add_trust_list(path, name="My List")
            assert catalog.remove_trust_list(name).outcome == "removed"
        with pytest.raises(ProvenanceError, match='no trust list "mine": there is none'):
            catalog.remove_trust_list("mine")
        catalog.add_trust_list(path)
        with pytest.raises(ProvenanceError, match=r'no trust list "mine": there are own \(list:own\)'):
            catalog.remove_trust_list("mine")
        assert [each.name for each in catalog.trust_lists()] == ["own"]


def write_hostile(path: Path, kind: str, root: str) -> None:
    contents = {
        "not PEM": b"\x89PNG\r\n\x1a\n",
        "no certificate": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "cut off": root.encode()[:-40],
        "not base64": b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
        "no X.509": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "another JSON": b'{"LoTE": []}',
        "deep JSON": b'{"LoTE":' + b"[" * 100_000,
        "empty": b"",
    }
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.write_bytes(root.encode())
        os.truncate(path, 100 * 1024**2)
    elif kind != "missing":
        path.write_bytes(contents[kind])


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("not PEM", "not PEM"),
        ("no certificate", "no certificate in it"),
        ("cut off", "0 of 1 certificates are whole"),
        ("not base64", "certificate 1 is not base64"),
        ("no X.509", "certificate 1 cannot be read"),
        ("another JSON", "not of ETSI TS 119 602"),
        ("deep JSON", "not of ETSI TS 119 602"),
        ("empty", "not PEM"),
        ("pipe", "not a regular file"),
        ("folder", "directory"),
        ("missing", "No such file"),
        ("huge", "more than 16 MiB"),
    ],
)
def test_a_hostile_list_is_one_clear_line_and_changes_nothing(
    library: Database, tmp_path: Path, roots: tuple[str, str], kind: str, problem: str
) -> None:
    path = tmp_path / "own.pem"
    path.write_text(roots[1])
    kept = add_list(library, path)
    hostile = tmp_path / "hostile" / "own.pem"
    hostile.parent.mkdir()
    write_hostile(hostile, kind, roots[0])
    with pytest.raises(ProvenanceError, match=re.escape(problem)) as caught:
        add_list(library, hostile)
    assert str(caught.value).startswith(f"{hostile}: ")
    assert "\n" not in str(caught.value)
    with library.read() as connection:
        assert [each.sha256 for each in list_entries(connection, NOW)] == [kept.sha256]


def test_without_a_library_nothing_is_made(tmp_path: Path, roots: tuple[str, str]) -> None:
    path = tmp_path / "own.pem"
    path.write_text(roots[0])
    with Catalog.open(tmp_path / "none.db") as catalog:
        with pytest.raises(NotFound):
            catalog.add_trust_list(path)
        with pytest.raises(NotFound):
            catalog.update_trust_lists("http://127.0.0.1:9/own.pem")
    assert not (tmp_path / "none.db").exists()


# Fetched


@contextmanager
def serving(pages: dict[str, bytes]) -> Iterator[RawServer]:
    """A server that has these files, by path; JSON says that it is."""

    def answer(request: Request) -> Iterable[bytes]:
        body = pages.get(request.target)
        if body is None:
            return response(b"<html>no such page</html>", 404, content_type="text/html")
        if body.startswith(b"http"):
            return response(b"", 302, location=body.decode())
        return response(body, content_type="application/json" if request.target.endswith("json") else "text/plain")

    with RawServer(answer) as server:
        yield server


def test_lists_are_fetched_and_fetched_again(library: Database, tmp_path: Path, roots: tuple[str, str]) -> None:
    own = tmp_path / "own.pem"
    own.write_text(roots[0] + roots[1])
    add_list(library, own)
    pages = {"/studio.json": etsi(roots, "2027-08-05T00:00:00Z").encode(), "/tsa.pem": roots[1].encode()}
    with serving(pages) as server:
        urls = [f"{server.origin}/studio.json", f"{server.origin}/tsa.pem"]
        report = update_lists(library, urls, now=NOW)
        assert report.failed == {}
        assert [(each.name, each.source, each.outcome) for each in report.lists] == [
            ("Studio list", urls[0], "added"),
            ("tsa", urls[1], "added"),
        ]
        assert (report.lists[0].signers, report.lists[1].time_stampers) == (2, 1)
        asked = len(server.requests)
        pages["/tsa.pem"] = roots[0].encode()
        renewed = update_lists(library, (), (), now=NOW)  # none is configured; what was fetched before is again
        assert [(each.name, each.outcome) for each in renewed.lists] == [
            ("Studio list", "unchanged"),
            ("tsa", "renewed"),
        ]
        assert len(server.requests) == asked + 2
        assert all("authorization" not in request.headers for request in server.requests)
    with library.read() as connection:
        assert [each.name for each in list_entries(connection, NOW)] == ["own", "Studio list", "tsa"]


def test_what_cannot_be_had_is_told_and_what_is_kept_stays(library: Database, roots: tuple[str, str]) -> None:
    pages = {"/own.pem": roots[0].encode()}
    with serving(pages) as server:
        update_lists(library, [f"{server.origin}/own.pem"])
        pages |= {"/own.pem": b"<html>moved</html>", "/huge.pem": b"#" * (LONGEST_LIST + 1)}
        pages["/away.pem"] = b"http://169.254.169.254/latest/meta-data"
        names = ("own.pem", "none.pem", "huge.pem", "away.pem")
        report = update_lists(library, [f"{server.origin}/{name}" for name in names])
        failed = {url.rpartition("/")[2]: reason for url, reason in report.failed.items()}
    assert report.lists == ()
    assert "not PEM" in failed["own.pem"]
    assert "404" in failed["none.pem"]
    assert "cloud metadata" in failed["away.pem"]
    assert set(failed) == set(names)
    assert not any("\n" in reason or "dialect" in reason for reason in failed.values())
    with library.read() as connection:
        assert [(each.signers, each.uri) for each in list_entries(connection, NOW)] == [(1, "list:own")]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.com/list.pem", "must start with https://"),
        ("https://user:secret@example.com/list.pem", "contains credentials"),
        ("https://example.com/list.pem?sig=secret", "contains a query"),
        ("file:///etc/passwd", "must start with http"),
        ("list.pem", "must start with http"),
    ],
)
def test_an_address_that_must_not_be_asked_is_not(library: Database, url: str, problem: str) -> None:
    (reason,) = update_lists(library, [url]).failed.values()
    assert problem in reason
    assert "secret" not in reason


def test_what_is_configured_stands_in_the_place_of_the_official_lists(
    library_path: Path, tmp_path: Path, roots: tuple[str, str]
) -> None:
    assert all(
        url.startswith("https://raw.githubusercontent.com/c2pa-org/conformance-public/") for url in OFFICIAL_LISTS
    )
    settings = tmp_path / "catalog.toml"
    with serving({"/own.pem": roots[0].encode()}) as server:
        settings.write_text(f'[trust]\nlists = ["{server.origin}/own.pem"]\n')
        with Catalog.open(library_path, config=settings) as catalog:
            report = catalog.update_trust_lists()
        assert [each.outcome for each in report.lists] == ["added"]
        assert len(server.requests) == 1
    settings.write_text('[trust]\nlists = ["own.pem"]\n')
    with (
        Catalog.open(library_path, config=settings) as catalog,
        pytest.raises(ConfigError, match=r"line 2: trust\.lists"),
    ):
        catalog.update_trust_lists()
