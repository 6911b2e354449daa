"""The reference set: 77 files, what the reader said of each in six contexts, and the status of each in four."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from catalog.media.sniff import HEAD
from catalog.provenance import Check, Profile, check_file, check_store, load_list, reader
from catalog.provenance.kinds import Unsupported, name_format
from catalog.provenance.status import read_codes

if TYPE_CHECKING:
    from pathlib import Path

CONTEXTS = (
    "trust_check_off",
    "no_trust_lists",
    "test_anchors",
    "c2pa_official",
    "c2pa_official_plus_interim",
    "sdk_default_offline",
)
PROFILES = {
    "no_trust_lists": (),
    "test_anchors": (
        "trust-lists/c2pa-rs-test-roots.pem",
        "trust-lists/ms-extension-test-chain.pem",
        "made-here/root.pem",
        "made-here/tsa-root.pem",
        "trust-lists/digicert-tsa-ca-2022.pem",
    ),
    "c2pa_official": ("trust-lists/C2PA-TRUST-LIST.pem", "trust-lists/C2PA-TSA-TRUST-LIST.pem"),
    "c2pa_official_plus_interim": (
        "trust-lists/C2PA-TRUST-LIST.pem",
        "trust-lists/C2PA-TSA-TRUST-LIST.pem",
        "trust-lists/interim-anchors-frozen.pem",
    ),
}


@pytest.fixture(scope="module")
def fixtures(shared: Path) -> Path:
    return shared / "c2pa-fixtures"


@cache
def load(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


@cache
def check_alone(path: Path) -> Check:
    """The check of a file without any list, made once for all tests of this process."""
    return check_file(path)


def make_profile(fixtures: Path, context: str) -> Profile:
    return Profile(tuple(load_list(fixtures / name) for name in PROFILES[context]))


def read_as(fixtures: Path, context: str) -> Any:
    """The reader's context as the reference set was made with."""
    expected = load(fixtures / "EXPECTED.json")
    told = expected["contexts"][context]
    trust: dict[str, Any] = {
        "anchors": [
            {**anchor, "trust_anchors": (fixtures / expected["anchor_files"][anchor["trust_uri"]]).read_text()}
            for anchor in told["anchors"]
        ]
    }
    if told["trust_config"]:
        trust["trust_config"] = (fixtures / told["trust_config"]).read_text()
    return reader.load().Context.from_dict({**told["settings"], "trust": trust})


def read_file(path: Path, context: Any) -> dict[str, Any]:
    """What the reader says of a file, in the form of the reference set."""
    with path.open("rb") as file:
        try:
            file_format = name_format(file.read(HEAD), path.name)
        except Unsupported:
            file_format = ""
        file.seek(0)
        try:
            reading = reader.read(file_format, file, context)
        except reader.Failed as error:
            name = "" if error.kind == "Error" else error.kind
            return {"raises": f"C2pa{name or 'Error'}", "message": error.message}
    if reading is None:
        return {"result": "no_manifest"}
    codes = read_codes(reading.report)
    return {
        "validation_state": reading.report["validation_state"],
        "failure": list(codes.failure),
        "ingredient_failure": list(codes.ingredients),
        "informational": list(codes.informational),
        "trust_list_uri": reading.report["validation_results"].get("trustListUri"),
    }


@pytest.mark.parametrize("context", CONTEXTS)
def test_the_codes_are_those_that_were_recorded(fixtures: Path, context: str) -> None:
    files = load(fixtures / "EXPECTED.json")["files"]
    settings = read_as(fixtures, context)
    assert len(files) == 77
    for name, told in files.items():
        found, expected = read_file(fixtures / name, settings), told["expected"][context]
        for key, value in found.items():
            if key == "trust_list_uri" and value != expected[key]:
                assert context != "test_anchors", name  # a root on two lists: either is named
            elif isinstance(value, list):
                assert sorted(value) == sorted(expected[key]), (name, key)
            else:
                assert value == expected[key], (name, key)


@pytest.mark.parametrize("context", PROFILES)
def test_the_statuses_are_those_of_the_rules(fixtures: Path, context: str) -> None:
    profile = make_profile(fixtures, context)
    told = load(fixtures / "STATUSES.json")["statuses"]
    found = {name: check_file(fixtures / name, profile=profile) for name in told}
    assert len(found) == 77
    assert {name: check.status for name, check in found.items()} == {
        name: statuses[context] for name, statuses in told.items()
    }
    assert all(check.words.isprintable() for check in found.values())


def test_what_the_manifests_say_is_what_was_recorded(fixtures: Path) -> None:
    for name, told in load(fixtures / "EXPECTED.json")["files"].items():
        check = check_alone(fixtures / name)
        if check.active is None:
            continue
        active = check.active
        assert len(check.manifests) == told["manifest_count"], name
        assert (active.label, active.title, active.claim_version) == (
            told["active_manifest"],
            told["title"],
            told["claim_version"],
        )
        assert [each.action for each in active.actions] == [each["action"] for each in told["actions"]], name
        assert [(each.relationship, each.title, each.manifest) for each in active.ingredients] == [
            (each["relationship"], each["title"], each["active_manifest"]) for each in told["ingredients"]
        ], name
        assert (active.signature.organisation, active.signature.common_name) == (
            told["signature"].get("issuer"),
            told["signature"].get("common_name"),
        )


def test_the_store_is_cut_out_of_every_mp4_png_jpeg_and_webp(fixtures: Path) -> None:
    for name in load(fixtures / "EXPECTED.json")["files"]:
        check = check_alone(fixtures / name)
        if not check.manifests or name.endswith(".wav"):
            continue
        assert check.store, name
        again = check_store(check.store)
        assert [manifest.label for manifest in again.manifests] == [manifest.label for manifest in check.manifests]
        assert again.status == ("intact_unknown_signer" if check.status == "changed" else check.status), name


@pytest.mark.parametrize(
    ("clip", "manifest", "status"),
    [
        ("sidecar-asset.mp4", "sidecar-asset.c2pa", "intact_known_signer"),
        ("remote-only.mp4", "remote-only.c2pa", "intact_known_signer"),
        ("sidecar-asset.mp4", "remote-only.c2pa", "changed"),
    ],
)
def test_sidecars_speak_for_the_files_they_lie_beside(fixtures: Path, clip: str, manifest: str, status: str) -> None:
    profile = make_profile(fixtures, "test_anchors")
    here = fixtures / "made-here"
    check = check_file(here / clip, profile=profile, manifest=here / manifest)
    assert (check.status, check.is_detached) == (status, True)


def test_the_store_of_a_real_clip_is_read(fixtures: Path) -> None:
    store = (fixtures / "real" / "sora-2026-01.jumbf.c2pa").read_bytes()
    official, interim = (
        check_store(store, profile=make_profile(fixtures, context))
        for context in ("c2pa_official", "c2pa_official_plus_interim")
    )
    assert (official.status, interim.status) == ("intact_expired", "intact_known_signer")
    assert interim.signer_list == "list:interim-anchors-frozen"
    assert interim.active is not None
    signature = interim.active.signature
    assert (interim.active.generator, signature.organisation, signature.time_source) == ("Sora", "OpenAI", "time-stamp")
    assert (signature.time_authority or "").startswith("DigiCert")
    assert official.active is not None
    assert official.active.signature.time_source == "untrusted time-stamp"
    assert "which is frozen" in interim.words
