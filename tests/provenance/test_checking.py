"""What is said of one file, whatever it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from catalog.provenance import Check, Profile, TrustList, check_file, check_store
from catalog.provenance.authority import CREATED, Authority, sign
from catalog.provenance.status import FORM_NOT_ACCEPTED
from catalog.provenance.stores import cut_store
from tests.signed import CLIP, MP4, Signed, alter, alter_media

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

NOWHERE = "http://127.0.0.1:9/clip.c2pa"
WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm" + bytes(200)


def test_a_signer_is_known_by_a_list_alone(signed: Signed, write: Write) -> None:
    clip = write(signed.clip)
    known, unknown = check_file(clip, profile=signed.profile), check_file(clip)
    assert (known.status, known.signer_list) == ("intact_known_signer", "list:own")
    assert "by OpenAI" in known.words
    assert '"a list" of 2026-01-01' in known.words
    assert (unknown.status, unknown.signer_list) == ("intact_unknown_signer", None)
    assert 'Claims to be signed by "OpenAI"' in unknown.words
    assert "No trust list was used" in unknown.words


def test_a_list_of_time_stamp_authorities_knows_no_signer(signed: Signed, write: Write) -> None:
    profile = Profile((TrustList("time", "list:time", time_stampers=(signed.authority.root,)),))
    assert check_file(write(signed.clip), profile=profile).status == "intact_unknown_signer"


@pytest.mark.parametrize("number", range(4))
def test_a_certificate_on_both_kinds_of_lists_is_one_of_signers(signed: Signed, write: Write, number: int) -> None:
    root = signed.authority.root
    lists = (TrustList("time", f"list:time{number}", time_stampers=(root,)), TrustList("s", "list:s", signers=(root,)))
    check = check_file(write(signed.clip), profile=Profile(lists))
    assert (check.status, check.signer_list) == ("intact_known_signer", "list:s")


def test_altered_bytes_are_changed_and_altered_credentials_broken(signed: Signed, write: Write) -> None:
    assert check_file(write(alter_media(signed.clip))).status == "changed"
    broken = check_file(write(alter(signed.clip, signed.clip.index(b"trainedAlgorithmicMedia"))))
    assert broken.status == "broken"
    assert "assertion.hashedURI.mismatch" in broken.words


def test_a_parent_that_did_not_hold_is_a_problem_of_the_history(signed: Signed, write: Write) -> None:
    child = check_file(write(signed.remix(alter_media(signed.clip))), profile=signed.profile)
    assert child.status == "history_problem"
    assert child.codes.failure == ()
    assert "assertion.bmffHash.mismatch" in child.codes.recorded
    grandchild = check_file(write(signed.remix(signed.remix(alter_media(signed.clip)))), profile=signed.profile)
    assert grandchild.status == "history_problem"


def test_a_parent_whose_signer_is_unknown_or_expired_changes_nothing(
    signed: Signed, expired: bytes, write: Write
) -> None:
    stranger = Authority("Somebody")
    for parent in (sign(CLIP, MP4, stranger.signer())[0], expired, CLIP):
        check = check_file(write(signed.remix(parent)), profile=signed.profile)
        assert check.status == "intact_known_signer", check.codes


def test_an_expired_certificate_is_not_a_fault(signed: Signed, expired: bytes, write: Write) -> None:
    for profile in (None, signed.profile):
        check = check_file(write(expired), profile=profile)
        assert check.status == "intact_expired"
        assert check.words.startswith("Unchanged since it was signed. The certificate")


def test_a_certificate_of_a_form_that_is_not_accepted_is_the_reason(signed: Signed, write: Write) -> None:
    purpose = "1.2.3.4.5"
    clip = signed.sign(signer=signed.authority.signer(purposes=(purpose,)), purposes=purpose)
    check = check_file(write(clip))
    assert (check.status, check.reason) == ("intact_unknown_signer", FORM_NOT_ACCEPTED)
    assert "the form of the certificate is not accepted" in check.words


def test_what_is_online_is_not_fetched(signed: Signed, write: Write) -> None:
    check = check_file(write(signed.sign(remote_url=NOWHERE, is_embedded=False)))
    assert (check.status, check.remote_url) == ("remote_only", NOWHERE)
    assert "127.0.0.1" in check.words


def test_a_detached_store_counts_only_where_the_file_has_none(signed: Signed, write: Write) -> None:
    remote, store = sign(CLIP, MP4, signed.signer, remote_url=NOWHERE, is_embedded=False)
    bare, sidecar = write(remote, "remote.mp4"), write(store, "remote.c2pa")
    check = check_file(bare, profile=signed.profile, manifest=sidecar)
    assert (check.status, check.is_detached, check.remote_url) == ("intact_known_signer", True, NOWHERE)
    assert check.store == store
    other = check_file(write(alter_media(remote)), manifest=sidecar)
    assert other.status == "changed"
    assert "changed, or not its manifest" in other.words
    own = check_file(write(signed.clip), manifest=sidecar)
    assert (own.status, own.is_detached) == ("intact_unknown_signer", False)


def test_a_detached_store_that_cannot_be_read_is_told_from_the_file(write: Write, tmp_path: Path) -> None:
    clip = write(CLIP)
    os.mkfifo(tmp_path / "pipe.c2pa")
    manifests = [tmp_path / "missing.c2pa", tmp_path / "pipe.c2pa", tmp_path, write(b"", "empty.c2pa")]
    for manifest in (*manifests, write(b"no store at all", "other.c2pa")):
        check = check_file(clip, manifest=manifest)
        assert (check.status, check.is_detached) == ("unreadable", True)
        assert check.words.startswith("The credentials cannot be read: ")


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (CLIP, "clip.mp4", "absent"),
        (CLIP, "clip.webm", "absent"),
        (CLIP, "clip", "absent"),
        (CLIP, "clip.c2pa", "absent"),
        (WEBM, "clip.webm", "unsupported"),
        (WEBM, "clip.mp4", "unsupported"),
        (b"OggS" + bytes(100), "clip.mp4", "unsupported"),
        (b"plain text, a few words of it\n" * 9, "clip.mp4", "unreadable"),
        (b"plain text, a few words of it\n" * 9, "notes.txt", "unsupported"),
        (b"plain text, a few words of it\n" * 9, "clip.c2pa", "unsupported"),
        (b"", "clip.mp4", "unreadable"),
        (b"", "clip.webm", "unreadable"),
        (b"", "clip.c2pa", "unreadable"),
        (CLIP[:-1], "clip.mp4", "unreadable"),
        (b"\x89PNG\r\n\x1a\n", "clip.png", "unreadable"),
    ],
)
def test_the_type_comes_from_the_bytes_and_from_the_name_where_they_say_nothing(
    write: Write, data: bytes, name: str, status: str
) -> None:
    assert check_file(write(data, name)).status == status


def test_a_store_without_its_media_is_not_a_file_that_can_be_checked(signed: Signed, write: Write) -> None:
    for name in ("clip.c2pa", "clip.mp4", "clip"):
        assert check_file(write(signed.store, name)).status == "unsupported"


def test_a_store_that_was_kept_is_read_again_and_never_changed(signed: Signed, write: Write) -> None:
    first = check_file(write(signed.clip), profile=signed.profile)
    assert first.store == signed.store
    again = check_store(signed.store, profile=signed.profile)
    assert (again.status, again.manifests) == (first.status, first.manifests)
    assert "not compared" in again.words
    assert "Unchanged" not in again.words
    assert check_store(alter(signed.store, signed.store.index(b"trainedAlg"))).status == "broken"
    assert check_store(b"nothing").status == "unreadable"


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "folder", "missing", "loop", "zero byte in its name"])
def test_what_is_not_a_file_is_told_without_opening_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "clip.mp4"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a pipe":
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "zero byte in its name":
        path = tmp_path / "clip\0.mp4"
    check = check_file(path)
    assert check.status == "unreadable"
    assert check.words.startswith("The file cannot be read: ")
    assert "\n" not in check.words


def test_a_reader_that_is_not_there_checks_nothing(write: Write) -> None:
    program = (
        "import sys; sys.modules['c2pa'] = None\n"
        "from catalog.provenance import check_file\n"
        f"check = check_file({str(write(CLIP))!r})\n"
        "print(check.status, check.words)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.startswith("None not checked (the reader c2pa-python cannot be loaded")


def test_what_stands_in_the_store_is_read(signed: Signed, write: Write) -> None:
    definition = {
        "title": "remix.mp4",
        "claim_generator_info": [{"name": "Sora", "version": "2.1"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {
                    "actions": [
                        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}},
                        {
                            "action": "c2pa.edited",
                            "softwareAgent": {"name": "BytePlus", "version": "1.0.0"},
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                            "description": "remix",
                            "parameters": {"model_name": "seedance"},
                        },
                    ]
                },
            },
            {
                "label": "c2pa.ai-disclosure",
                "data": {
                    "modelType": "video",
                    "modelName": "sora-2",
                    "modelIdentifier": "sora-2-2026",
                    "contentProfile": {"humanOversightLevel": "none"},
                },
            },
            {"label": "c2pa.soft-binding", "data": {"alg": "com.example.mark", "blocks": []}},
        ],
    }
    parent = {"title": "parent.mp4", "relationship": "parentOf", "label": "parent"}
    clip = signed.sign(definition, ingredients=[(parent, MP4, signed.clip)])
    check = check_file(write(clip), profile=signed.profile)
    active = check.active
    assert active is not None
    assert (active.title, active.generator, active.generator_version, active.claim_version) == (
        "remix.mp4",
        "Sora",
        "2.1",
        2,
    )
    assert (active.signature.organisation, active.signature.common_name) == ("OpenAI", "Sora")
    assert active.signature.valid_from is not None
    assert active.signature.valid_until is not None
    assert active.signature.valid_from < active.signature.valid_until
    assert (active.signature.signed_at, active.signature.time_source) == (None, None)
    edited = active.actions[1]
    assert (edited.source_type, edited.software_agent, edited.model, edited.description) == (
        "trainedAlgorithmicMedia",
        "BytePlus 1.0.0",
        "seedance",
        "remix",
    )
    assert [each.to_dict() for each in active.disclosures] == [
        {
            "model_type": "video",
            "model_name": "sora-2",
            "model_identifier": "sora-2-2026",
            "human_oversight": "none",
        }
    ]
    assert active.soft_bindings == ("com.example.mark",)
    (ingredient,) = active.ingredients
    below = check.manifests[1]
    assert (ingredient.relationship, ingredient.title) == ("parentOf", "parent.mp4")
    assert (ingredient.manifest, ingredient.manifest_hash) == (below.label, below.hash)
    assert check_file(write(signed.clip)).manifests[0].hash == below.hash
    json.dumps(check.to_dict())


@pytest.mark.parametrize("name", ["clip.mp4", "picture.png", "picture.jpg", "picture.webp"])
def test_the_store_is_cut_out_of_what_carries_it(signed: Signed, write: Write, name: str) -> None:
    media_type = {"mp4": MP4, "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}[name.partition(".")[2]]
    definition = {"title": "x" * 90_000}  # more than one segment of a JPEG holds
    data, store = sign(make_media(name), media_type, signed.signer, {**CREATED, **definition})
    path = write(data, name)
    with path.open("rb") as file:
        assert cut_store(file) == store
    assert check_file(path).store == store


def make_media(name: str) -> bytes:
    import io

    from PIL import Image

    if name.endswith("mp4"):
        return CLIP
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, {"png": "PNG", "jpg": "JPEG", "ebp": "WEBP"}[name[-3:]])
    return picture.getvalue()


HOSTILE = "<script>alert(1)</script>\x1b[31m\u202egnp.\u0000" + '"' + "real" * 3
BIG = 900_000


def test_hostile_texts_reach_no_screen(write: Write) -> None:
    authority = Authority(HOSTILE.replace("\0", ""), "\u202e\x1b]0;x\x07Open\nAI" + "A" * 20)
    clip, _ = sign(CLIP, MP4, authority.signer(), {"title": HOSTILE + "x" * BIG})
    check = check_file(write(clip))
    assert check.status == "intact_unknown_signer"
    assert check.words.isprintable()
    assert check.active is not None
    assert len(check.active.title or "") > BIG  # kept as it is


def test_ten_thousand_actions_and_hundreds_of_ingredients_are_read(signed: Signed, write: Write) -> None:
    created = CREATED["assertions"][0]["data"]["actions"][0]
    actions = [created, *({"action": "c2pa.edited", "description": f"{number}"} for number in range(9_999))]
    many = signed.sign({"assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}]})
    check = check_file(write(many), profile=signed.profile)
    assert check.status == "intact_known_signer"
    assert check.active is not None
    assert len(check.active.actions) == 10_000
    parts: list[tuple[dict[str, Any], str, bytes]] = [
        ({"title": f"{number}.mp4", "relationship": "componentOf"}, MP4, CLIP) for number in range(300)
    ]
    check = check_file(write(signed.sign(ingredients=parts)), profile=signed.profile)
    assert check.status == "intact_known_signer"
    assert check.active is not None
    assert len(check.active.ingredients) == 300


def test_an_ingredient_that_names_its_own_manifest_ends(signed: Signed, write: Write) -> None:
    child = signed.remix(signed.clip)
    checked = check_file(write(child))
    ours, parents = (manifest.label.encode() for manifest in checked.manifests)
    at = child.index(b"/c2pa/" + parents, child.index(ours)) + len(b"/c2pa/")
    check = check_file(write(child[:at] + ours + child[at + len(ours) :]))
    assert check.status in {"broken", "unreadable"}


def test_a_file_that_vanishes_is_missing(signed: Signed, write: Write) -> None:
    path = write(signed.clip)
    path.unlink()
    assert check_file(path).status == "unreadable"


def test_every_status_has_words_that_judge_nobody() -> None:
    from typing import get_args

    from catalog.provenance.checks import Status

    for status in (*get_args(Status), None):
        for reason in (None, "claim.verified, this is fake"):
            words = Check(status, reason).words
            assert words
            if reason is None:
                assert not {"fake", "real", "authentic", "verified"} & set(words.lower().replace(".", " ").split())


def test_a_list_past_its_date_is_told(signed: Signed, write: Write) -> None:
    from dataclasses import replace

    old = Profile((replace(signed.list, next_update="2020-01-01"),))
    assert "was due to be renewed on 2020-01-01" in check_file(write(signed.clip), profile=old).words
    assert "renewed" not in check_file(write(signed.clip), profile=signed.profile).words


def test_a_reader_of_a_clip_copied_without_its_store_finds_none(write: Write) -> None:
    path = write(CLIP)
    shutil.copy(path, path.with_suffix(".mov"))
    check = check_file(path.with_suffix(".mov"))
    assert check.status == "absent"
    assert "says nothing about how it was made" in check.words
