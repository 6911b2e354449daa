"""Trust lists: what a file of certificates is, and what is said of one that is none."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

import pytest

from catalog.errors import ProvenanceError
from catalog.provenance import Profile, TrustList, load_list, parse_list
from catalog.provenance.authority import Authority

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def roots() -> list[str]:
    return [Authority(f"Root {number}").root for number in range(2)] + [Authority("Clock TSA").root]


def test_a_list_tells_signers_from_those_who_tell_the_time(roots: list[str]) -> None:
    told = parse_list(("# some words\r\n" + "\n".join(roots)).encode(), "own.pem")
    assert (told.name, told.uri, told.count, told.repeated) == ("own", "list:own", 3, 0)
    assert (told.signers, told.time_stampers) == (tuple(roots[:2]), (roots[2],))
    assert len(told.sha256) == 64


def test_all_of_a_list_of_time_stamps_tell_the_time(roots: list[str]) -> None:
    for name, options in (("C2PA-TSA-TRUST-LIST.pem", {}), ("x.pem", {"are_time_stampers": True})):
        told = parse_list("".join(roots).encode(), name, **options)
        assert (told.signers, len(told.time_stampers)) == ((), 3)
    assert parse_list("".join(roots).encode(), "tsa.pem", are_time_stampers=False).time_stampers == ()


def test_a_certificate_that_stands_twice_counts_once_and_is_told(roots: list[str]) -> None:
    told = parse_list((roots[0] + roots[1] + roots[0].replace("\n", "\r\n")).encode(), "own.pem")
    assert (told.count, told.repeated) == (2, 1)


def test_the_json_form_has_a_name_and_dates(roots: list[str]) -> None:
    ders = [base64.b64encode(base64.b64decode("".join(root.split("\n")[1:-2]))).decode() for root in roots[:2]]
    services = [
        {"ServiceInformation": {"ServiceDigitalIdentity": {"X509Certificates": [{"val": der}]}}} for der in ders
    ]
    scheme = {
        "ListAndSchemeInformation": {
            "SchemeName": [{"lang": "en", "value": "Some list"}],
            "ListIssueDateTime": "2026-08-05T00:11:39Z",
            "NextUpdate": "2027-08-05T00:11:39Z",
        },
        "TrustedEntitiesList": [{"TrustedEntityServices": services}],
    }
    told = parse_list(json.dumps({"LoTE": scheme}).encode(), "list.json")
    assert (told.name, told.issued, told.next_update) == ("Some list", "2026-08-05", "2027-08-05")
    assert told.signers == tuple(roots[:2])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not PEM"),
        (b"nothing of the kind", "not PEM"),
        (b"\0\1\2" * 999, "not PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "cut off"),
        (b"-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n", "certificate 1 is not base64"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 1 cannot be read"),
        (b"{}", "JSON, but not"),
        (b'{"LoTE": {"ListAndSchemeInformation": {}, "TrustedEntitiesList": []}}', "no certificate"),
        (b"{" * 200_000, "JSON, but not"),
    ],
)
def test_what_is_no_list_is_told_in_one_line(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "list.pem"
    path.write_bytes(data)
    with pytest.raises(ProvenanceError, match=words) as raised:
        load_list(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    assert raised.value.path == str(path)


def test_a_list_that_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pem")
    for path in (tmp_path / "pipe.pem", tmp_path, tmp_path / "missing.pem"):
        with pytest.raises(ProvenanceError):
            load_list(path)


def test_each_certificate_is_given_once_and_to_signers_first(roots: list[str]) -> None:
    one, two, clock = roots
    profile = Profile(
        (
            TrustList("time", "list:time", time_stampers=(one, clock)),
            TrustList("first", "list:first", signers=(one,)),
            TrustList("second", "list:second", signers=(one, two), time_stampers=(two,)),
        )
    )
    assert [(each.kind, each.uri, each.pem) for each in profile.anchors()] == [
        ("manifest", "list:first", one),
        ("manifest", "list:second", two),
        ("tsa", "list:time#time-stamps", clock),
    ]
    assert profile.signer_lists == {"list:first", "list:second"}


def test_a_list_that_is_there_twice_is_refused(roots: list[str]) -> None:
    with pytest.raises(ProvenanceError, match="one URI"):
        Profile((TrustList("a", "list:a", signers=(roots[0],)), TrustList("b", "list:a", signers=(roots[1],))))


def test_the_lists_of_c2pa_are_told_for_what_they_are(shared: Path) -> None:
    lists = shared / "c2pa-fixtures" / "trust-lists"
    interim = load_list(lists / "interim-anchors-frozen.pem")
    assert (len(interim.signers), len(interim.time_stampers), interim.repeated) == (20, 6, 1)  # one stands twice
    assert interim.is_frozen
    pem, text = (load_list(lists / f"C2PA-TRUST-LIST.{ending}") for ending in ("pem", "json"))
    assert set(pem.signers) == set(text.signers)
    assert (len(pem.signers), text.next_update, pem.is_frozen) == (30, "2027-08-05", False)
    stamps = load_list(lists / "C2PA-TSA-TRUST-LIST.pem")
    assert (stamps.signers, len(stamps.time_stampers)) == ((), 22)
    given = "".join(each.pem for each in Profile((pem, stamps)).anchors() if each.kind == "tsa")
    assert given.count("BEGIN CERTIFICATE") == 22 - 16
