"""`provenance` and `trust`: what they print, and with which status they end."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.credentials.conftest import Vault
from tests.signed import CLIP, Signed, alter_media

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from catalog.database import Database

    Run = Callable[..., Result]

HOSTILE = "\u202egpj.exe\x1b[31m<script>" + "x" * 900_000


@pytest.fixture
def vault(library: Database) -> Vault:
    return Vault(library)


@pytest.fixture
def own_list(tmp_path: Path, signed: Signed) -> Path:
    path = tmp_path / "own.pem"
    path.write_text(signed.authority.root)
    return path


def test_the_credentials_of_a_video_are_told_as_a_person_wants_them(run: Run, vault: Vault, signed: Signed) -> None:
    parent = {
        "claim_generator_info": [{"name": "Sora", "version": "2.1"}],
        "assertions": [
            {
                "label": "c2pa.actions.v2",
                "data": {
                    "actions": [
                        {
                            "action": "c2pa.created",
                            "softwareAgent": {"name": "Sora"},
                            "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
                        }
                    ]
                },
            },
            {"label": "c2pa.soft-binding", "data": {"alg": "com.example.mark", "blocks": []}},
        ],
    }
    vault.hold(signed.remix(signed.sign(parent)))
    assert run("provenance", "--check").stdout == "credentials of 1 file checked: 1 intact_unknown_signer\n"
    said = run("provenance", "studio:v1").stdout
    assert said.startswith(
        "studio:v1\n  video 1             Unchanged since it was signed. Claims to be signed by "
        '"OpenAI". No trust list was used.\n'
    )
    assert '  signer              "OpenAI", certified by ' in said
    assert re.search(r"  certificate         valid until \d{4}-\d\d-\d\d\n", said)
    assert "  source type         trainedAlgorithmicMedia\n" in said
    assert '  made from           "parent.mp4"  (parentOf)\n' in said
    assert "  action              c2pa.opened\n" in said
    assert "  watermark           com.example.mark (declared; none is looked for)\n" in said
    assert "history" not in said
    assert not re.search(r"\b(fake|real|authentic|verified)\b", said, re.IGNORECASE)
    assert "assertion.hashedURI.match" in run("provenance", "v1", "-v").stdout
    shown = run("show", "v1").stdout
    assert 'credentials: unchanged, the signer is unknown; they name "OpenAI"\n' in shown


def test_a_status_that_moved_says_why_and_lost_credentials_are_missed(
    run: Run, vault: Vault, signed: Signed, own_list: Path
) -> None:
    vault.hold(signed.clip)
    run("provenance", "--check")
    run("trust", "add", str(own_list))
    moved = run("provenance", "--check").stdout
    assert moved == "credentials of 1 file checked: 1 intact_known_signer; 1 with another status than before\n"
    said = run("provenance", "v1").stdout
    assert re.search(r'intact_known_signer \(the trust lists: "own" was added\)\n', said)
    assert "  signer              OpenAI, certified by" in said
    vault.hold(CLIP)
    run("provenance", "--check")
    assert re.search(r"\n +Credentials seen on \d{4}-\d\d-\d\d are gone\.\n", run("provenance", "v1").stdout)


def test_what_cannot_be_relied_on_is_fenced(run: Run, vault: Vault, signed: Signed) -> None:
    vault.hold(alter_media(signed.clip))
    result = run("provenance", "v1", "--check")
    assert "The signed bytes of this file have changed" in result.stdout
    assert "(what follows stands in the file, and cannot be ascribed to the signer)" in result.stdout
    assert result.exit_code == 0


def test_a_file_is_checked_on_the_spot_without_a_library(run: Run, signed: Signed, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(signed.clip)
    (tmp_path / "bare.mp4").write_bytes(CLIP)
    (tmp_path / "bare.c2pa").write_bytes(signed.store)
    os.mkfifo(tmp_path / "pipe.mp4")
    result = run("provenance", "clip.mp4", "bare.mp4", "pipe.mp4", "nothing.mp4")
    assert result.exit_code == 1
    assert (
        'clip.mp4\n  status              Unchanged since it was signed. Claims to be signed by "OpenAI"'
        in result.stdout
    )
    assert "Detached credentials do not match this file: changed, or not its manifest." in result.stdout
    assert "pipe.mp4\n  status              The file cannot be read: not a regular file." in result.stdout
    assert "no library at" in result.stderr
    assert not (tmp_path / "catalog.db").exists()


def test_a_manifest_is_named_with_one_file(run: Run, signed: Signed, tmp_path: Path) -> None:
    (tmp_path / "bare.mp4").write_bytes(CLIP)
    (tmp_path / "m.c2pa").write_bytes(signed.store)
    assert "Detached credentials do not match" in run("provenance", "bare.mp4", "--manifest", "m.c2pa").stdout
    assert "no.c2pa" in run("provenance", "bare.mp4", "--manifest", "no.c2pa").stdout
    assert run("provenance", "bare.mp4", "clip.mp4", "--manifest", "m.c2pa").exit_code == 2


def test_a_query_and_refs_are_told_apart(run: Run, ask: Callable[..., Any], vault: Vault) -> None:
    vault.hold(CLIP)
    vault.hold(CLIP + b"\0\0\0\x08free", "v2")
    report = ask("provenance", "--check", "status:completed")
    assert (report["checked"], report["by_status"]) == (2, {"absent": 2})
    assert ask("provenance", "--check", "status:failed")["checked"] == 0
    assert ask("provenance", "--check", "--all")["checked"] == 2
    assert len(ask("provenance", "--check", "studio:v2")["files"][0]["history"]) == 3
    assert [each["ref"] for each in ask("provenance", "v1", "v2", "--check")] == ["studio:v1", "studio:v2"]
    assert run("provenance", "--check", "status:completed").stdout == "no credentials to check\n"


@pytest.mark.parametrize("arguments", [(), ("--all",), ("v1", "--all")])
def test_what_makes_no_sense_is_refused(run: Run, library: Database, arguments: tuple[str, ...]) -> None:
    assert run("provenance", *arguments).exit_code == 2


def test_a_name_that_is_neither_is_complained_of(run: Run, vault: Vault) -> None:
    vault.hold(CLIP)
    result = run("provenance", "v9", "v1")
    assert result.exit_code == 1
    assert "v9 is not a file, and no video 'v9'" in result.stderr
    assert result.stdout.startswith("studio:v1\n  video 1             not checked yet\n")


def test_a_folder_is_not_a_file(run: Run, library: Database, tmp_path: Path) -> None:
    result = run("provenance", str(tmp_path))
    assert (result.exit_code, result.stderr) == (1, f"Error: {tmp_path} is a folder: name the files in it\n")


def test_no_screen_obeys_a_strangers_text(run: Run, vault: Vault, signed: Signed) -> None:
    vault.hold(signed.sign({"title": HOSTILE, "claim_generator_info": [{"name": HOSTILE[:9000]}]}))
    run("provenance", "--check")
    for arguments in (("provenance", "v1"), ("provenance", "v1", "-v"), ("show", "v1"), ("search", "has:generator")):
        said = run(*arguments).stdout
        assert len(said) < 20_000
        assert not set("\x1b\u202e") & set(said), arguments
    document = json.loads(run("provenance", "v1", "--json").stdout)
    assert document["files"][0]["check"]["manifests"][0]["title"].startswith("\u202egpj.exe\x1b[31m<script>")
    assert not set("\x1b\u202e") & set(run("provenance", "v1", "--json").stdout)


# Lists


def test_lists_are_added_listed_and_removed(
    run: Run, ask: Callable[..., Any], library: Database, own_list: Path
) -> None:
    assert "no trust lists yet, so every signer is unknown" in run("trust").stderr
    added = run("trust", "add", str(own_list), "--name", "Mine")
    assert added.stdout == f"Mine: added, 1 signer, from {own_list}\n"
    assert "`catalog provenance --check`" in added.stderr
    again = run("trust", "add", str(own_list), "--name", "Mine")
    assert (again.stdout, again.stderr) == (f"Mine: unchanged, 1 signer, from {own_list}\n", "")
    assert run("trust", "list").stdout.splitlines()[1].startswith("Mine")
    assert [each["uri"] for each in ask("trust")] == ["list:mine"]
    assert run("trust", "remove", "mine").stdout.startswith("Mine: removed, 1 signer")
    assert ask("trust") == []


def test_what_is_not_a_list_is_one_line_and_the_others_are_added(
    run: Run, library: Database, own_list: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.pem").write_bytes(b"\x1b[31m")
    result = run("trust", "add", "bad.pem", str(own_list))
    assert result.exit_code == 1
    assert result.stdout.startswith("own: added")
    assert result.stderr.startswith("Error: bad.pem: this is not a trust list: not PEM")


@pytest.mark.parametrize(
    "arguments",
    [
        ("add",),
        ("remove",),
        ("list", "own"),
        ("remove", "own", "--name", "x"),
        ("update", "--signers"),
        ("add", "a.pem", "b.pem", "--name", "x"),
        ("burn",),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(run: Run, library: Database, arguments: tuple[str, ...]) -> None:
    assert run("trust", *arguments).exit_code == 2


def test_an_address_that_gives_no_list_is_complained_of(run: Run, library: Database) -> None:
    result = run("trust", "update", "http://127.0.0.1:9/own.pem")
    assert result.exit_code == 1
    assert "fetching the trust list failed" in result.stderr
