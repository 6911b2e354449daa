"""What was kept of a check is what the check found, and what is told of it no screen obeys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from catalog import store
from catalog.api import Catalog
from catalog.credential_reports import FileProvenance, Provenance
from catalog.credentials.lists import read_profile
from catalog.errors import NotFound
from catalog.provenance import Check, Manifest, Signature, check_file
from tests.provenance.test_reference import PROFILES, make_profile
from tests.signed import CLIP, Signed, alter_media

if TYPE_CHECKING:
    from pathlib import Path

    from tests.credentials.conftest import Vault


def test_what_is_kept_of_a_check_is_what_it_found(vault: Vault, signed: Signed) -> None:
    vault.trust(signed.list)
    clips = {"v1": signed.clip, "v2": alter_media(signed.clip), "v3": signed.remix(signed.remix(signed.clip))}
    paths = {name: vault.hold(clip, name) for name, clip in clips.items()}
    vault.check()
    with vault.library.read() as connection:
        profile = read_profile(connection)
    for name, path in paths.items():
        told = vault.tell(name)
        found = check_file(path, profile=profile)
        assert told.check is not None
        assert told.check == replace(found, store=None, crjson=None, checked_at=told.check.checked_at)
        assert (told.status, told.words) == (found.status, found.words)
        assert told.path == str(path)
    assert len(vault.tell("v3").check.manifests) == 3  # type: ignore[union-attr]


def test_a_video_without_files_or_checks_says_so(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    assert (vault.tell().status, vault.tell().words, vault.tell().check) == (None, "not checked yet", None)
    with Catalog.open(vault.library.path) as catalog:
        assert catalog.get("v1").files[0].credentials is None
        with pytest.raises(NotFound):
            catalog.provenance("v9")


def test_json_holds_neither_the_store_nor_the_readers_json(vault: Vault, signed: Signed) -> None:
    vault.hold(signed.clip)
    vault.check()
    with Catalog.open(vault.library.path) as catalog:
        document = catalog.provenance("v1").to_dict()
        shown = catalog.get("v1").to_dict()["files"][0]["credentials"]
        (page,) = catalog.search("").videos
    check = document["files"][0]["check"]
    assert json.loads(json.dumps(document)) == document
    assert {"store", "crjson"}.isdisjoint(check)
    assert check["manifests"][0]["signature"]["organisation"] == "OpenAI"
    assert document["files"][0]["words"] == check["words"]
    assert shown == {
        "status": "intact_unknown_signer",
        "words": "unchanged, the signer is unknown",
        "signer": "OpenAI",
        "checked_at": check["checked_at"],
    }
    assert page.to_dict()["files"][0]["credentials"] == shown


def test_a_file_is_checked_alone_and_nothing_is_kept_of_it(vault: Vault, signed: Signed, tmp_path: Path) -> None:
    vault.trust(signed.list)
    vault.hold(signed.clip)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(signed.clip)
    with Catalog.open(vault.library.path) as catalog:
        told = catalog.check_file(clip)
    assert (told.ref, told.twins, told.files[0].status) == (None, ("studio:v1",), "intact_known_signer")
    assert vault.rows("SELECT * FROM c2pa_checks") == []
    with Catalog.open(tmp_path / "no library.db") as catalog:
        assert catalog.check_file(clip).files[0].status == "intact_unknown_signer"
        assert catalog.check_file(tmp_path / "none.mp4").files[0].status == "unreadable"
    assert not (tmp_path / "no library.db").exists()


def test_a_manifest_beside_a_file_counts_and_another_one_where_it_is_named(signed: Signed, tmp_path: Path) -> None:
    clip, beside, other = tmp_path / "clip.mp4", tmp_path / "clip.c2pa", tmp_path / "other.c2pa"
    clip.write_bytes(CLIP)
    with Catalog.open(tmp_path / "none.db") as catalog:
        assert catalog.check_file(clip).files[0].status == "absent"
        beside.write_bytes(signed.store)
        assert catalog.check_file(clip).files[0].check.is_detached  # type: ignore[union-attr]
        other.write_bytes(b"")
        told = catalog.check_file(clip, manifest=other).files[0]
        assert (told.status, "other.c2pa is empty" in told.words) == ("unreadable", True)
        clip.write_bytes(signed.clip)
        assert not catalog.check_file(clip).files[0].check.is_detached  # type: ignore[union-attr]
        assert catalog.check_file(beside).files[0].status == "unsupported"


@pytest.mark.parametrize("context", PROFILES)
def test_the_reference_set_is_told_as_it_was_found(vault: Vault, shared: Path, context: str) -> None:
    folder = shared / "c2pa-fixtures"
    profile = make_profile(folder, context)
    names = json.loads((folder / "STATUSES.json").read_text("utf-8"))["statuses"]
    for number, name in enumerate(names):
        vault.hold((folder / name).read_bytes(), f"v{number}")
    checks = {name: check_file(folder / name, profile=profile) for name in names}
    ids = dict(vault.rows("SELECT remote_id, files.id FROM files JOIN videos ON videos.id = video_id"))  # type: ignore[arg-type]
    with vault.library.write() as connection:
        store.save_checks(connection, {ids[f"v{number}"]: checks[name] for number, name in enumerate(names)})
    for number, name in enumerate(names):
        found, told = checks[name], vault.tell(f"v{number}")
        assert (told.status, told.words) == (found.status, found.words), name
        assert told.check is not None
        assert told.check.manifests == found.manifests, name
        assert told.check.codes == found.codes, name


def test_hostile_texts_stay_in_json_and_the_words_have_none(vault: Vault) -> None:
    hostile = "<script>\u202egpj.exe\x1b[31m" + "x" * 900_000
    manifest = Manifest("urn:c2pa:1", is_active=True, title=hostile, signature=Signature(organisation=hostile))
    vault.hold(CLIP)
    check = Check("broken", reason="a.b", sha256="ab", manifests=(manifest,), store=b"jumbf", checked_at=vault.now)
    with vault.library.write() as connection:
        store.save_checks(connection, {1: check})
    told = vault.tell()
    assert told.check is not None
    assert told.check.active.title == hostile  # type: ignore[union-attr]
    assert len(told.words) < 400
    assert Provenance(None, (FileProvenance(None, 1, None, check=check),)).to_dict()["files"][0]["check"]["manifests"]
