"""The rules from codes to a status, one by one and in their order."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.provenance.status import MOST_NAMED, derive_status, read_codes

ACTIVE, PARENT, GRANDPARENT, STRANGER = (f"urn:c2pa:{letter}" for letter in "abcd")
KNOWN = "found in [list:own] trust anchors"


def entry(code: str, label: str = ACTIVE, explanation: str = "") -> dict[str, str]:
    return {"code": code, "url": f"self#jumbf=/c2pa/{label}/c2pa.signature", "explanation": explanation}


def report(
    *failure: str,
    success: tuple[dict[str, str], ...] = (),
    informational: tuple[str, ...] = (),
    deltas: tuple[str, ...] = (),
    **ingredients: list[dict[str, Any]],
) -> dict[str, Any]:
    """What the reader says; `ingredients` are those of the manifests a, b, c and d."""
    labels = {"a": ACTIVE, "b": PARENT, "c": GRANDPARENT, "d": STRANGER}
    return {
        "active_manifest": ACTIVE,
        "manifests": {label: {"ingredients": ingredients.get(letter, [])} for letter, label in labels.items()},
        "validation_results": {
            "activeManifest": {
                "success": list(success),
                "informational": [entry(code) for code in informational],
                "failure": [entry(code) for code in failure],
            },
            "ingredientDeltas": [{"validationDeltas": {"failure": [entry(code, PARENT) for code in deltas]}}],
        },
    }


def status(told: dict[str, Any], **options: Any) -> str:
    return derive_status(told, read_codes(told), {"list:own"}, **options).status


def v3(label: str | None, *failures: str, deltas: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "active_manifest": label,
        "validation_results": {
            "activeManifest": {"success": [], "failure": [entry(code, PARENT) for code in failures]},
            "ingredientDeltas": [{"validationDeltas": {"failure": [entry(code) for code in deltas]}}],
        },
    }


def v1(label: str | None, *codes: str) -> dict[str, Any]:
    return {"active_manifest": label, "validation_status": [entry(code) for code in codes]}


TRUSTED = (entry("signingCredential.trusted", ACTIVE, f"signing certificate trusted, {KNOWN}"),)
SOFT = (
    "signingCredential.untrusted",
    "signingCredential.invalid",
    "timeStamp.mismatch",
    "timeStamp.anything",
    "cawg.identity.x",
    "cawg.ica.did_unavailable",
)


@pytest.mark.parametrize("binding", ["dataHash", "bmffHash", "boxesHash", "collectionHash", "multiAssetHash"])
def test_a_mismatch_of_the_bytes_goes_before_all_else(binding: str) -> None:
    code = f"assertion.{binding}.mismatch"
    told = report(code, "claimSignature.mismatch", "signingCredential.expired", success=TRUSTED, deltas=(code,))
    assert status(told) == "changed"
    assert status(report(f"assertion.{binding}.malformed")) == "broken"
    assert status(report(deltas=(code,))) == "history_problem"
    assert status(report(code), has_media=False) == "intact_unknown_signer"
    assert status(told, has_media=False) == "broken"


@pytest.mark.parametrize(
    "code", ["assertion.hashedURI.mismatch", "claimSignature.mismatch", "signingCredential.revoked", "who.knows", "x"]
)
def test_any_other_code_is_hard_and_named(code: str) -> None:
    told = report("signingCredential.expired", code, success=TRUSTED, deltas=("claimSignature.mismatch",))
    assert derive_status(told, read_codes(told), set()) == ("broken", code, None)
    assert status(report(deltas=(code,), success=TRUSTED)) == "history_problem"
    assert status(report(a=[v3(PARENT, code)], success=TRUSTED)) == "history_problem"
    assert status(report(a=[v1(PARENT, code)], success=TRUSTED)) == "history_problem"


@pytest.mark.parametrize("code", SOFT)
def test_codes_that_are_never_hard_change_nothing(code: str) -> None:
    assert status(report(code)) == "intact_unknown_signer"
    assert (
        status(report(deltas=(code,), a=[v3(PARENT, code), v1(None, code)], success=TRUSTED)) == "intact_known_signer"
    )
    assert status(report(code, "signingCredential.expired")) == "intact_expired"


def test_an_expired_certificate_counts_on_the_active_manifest_alone() -> None:
    code = "signingCredential.expired"
    assert status(report(code, success=TRUSTED)) == "intact_expired"
    assert status(report(deltas=(code,), a=[v3(PARENT, code)], success=TRUSTED)) == "intact_known_signer"


def test_codes_of_ingredients_are_of_the_history_wherever_they_stand() -> None:
    assert status(report("ingredient.manifest.missing", success=TRUSTED)) == "history_problem"
    assert status(report("ingredient.new", "claimSignature.mismatch")) == "broken"
    assert status(report(informational=("ingredient.unknownProvenance",), success=TRUSTED)) == "intact_known_signer"


def test_what_was_recorded_counts_in_every_manifest_that_can_be_reached() -> None:
    deep = {"a": [v3(PARENT)], "b": [v3(GRANDPARENT)], "c": [v1(None, "claimSignature.mismatch")]}
    assert status(report(**deep)) == "history_problem"
    assert status(report(a=[v3(PARENT)], d=[v1(None, "claimSignature.mismatch")])) == "intact_unknown_signer"
    assert status(report(a=[v3(PARENT, deltas=("claimSignature.mismatch",))])) == "history_problem"


def test_manifests_that_name_each_other_end() -> None:
    circle = {"a": [v3(PARENT), v3(ACTIVE)], "b": [v3(ACTIVE), v1(PARENT, "claimSignature.mismatch")]}
    told = report(**circle)
    assert read_codes(told).recorded == ("claimSignature.mismatch",)
    assert status(told) == "history_problem"


def test_the_older_list_of_an_ingredient_names_successes_too() -> None:
    fine = ("claimSignature.validated", "assertion.dataHash.match", "signingCredential.trusted", "algorithm.deprecated")
    assert status(report(a=[v1(PARENT, *fine)], success=TRUSTED)) == "intact_known_signer"
    marked = {"active_manifest": PARENT, "validation_status": [{"code": "new.code", "success": True}]}
    assert status(report(a=[marked], success=TRUSTED)) == "intact_known_signer"


@pytest.mark.parametrize(
    "success",
    [
        (entry("signingCredential.trusted", PARENT, KNOWN),),  # an ingredient's
        (entry("signingCredential.trusted", ACTIVE, "found in [list:other] trust anchors"),),
        (entry("signingCredential.trusted", ACTIVE, "found in [list:own#time-stamps] trust anchors"),),
        (entry("signingCredential.trusted", ACTIVE),),
        (entry("timeStamp.trusted", ACTIVE, KNOWN),),
        (),
    ],
)
def test_only_the_active_manifest_s_own_entry_on_a_signer_list_makes_a_signer_known(
    success: tuple[dict[str, str], ...],
) -> None:
    told = report(success=success)
    told["validation_results"]["trustListUri"] = "list:own"
    told["validation_state"] = "Trusted"
    assert status(told) == "intact_unknown_signer"
    assert status(report(success=(*success, *TRUSTED))) == "intact_known_signer"


def test_a_reason_is_short_and_on_one_line_whatever_a_signer_recorded() -> None:
    codes = [f"bad\x1b[31m\n{'x' * 5000}{number}" for number in range(3000)]
    told = report(a=[v1(PARENT, *codes)])
    reason = derive_status(told, read_codes(told), set()).reason or ""
    assert reason.isprintable()
    assert len(reason) < 100 * (MOST_NAMED + 1)
    assert reason.endswith(", and 2992 more") or reason.count(",") < MOST_NAMED


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"validation_results": None, "manifests": []},
        {"validation_results": {"activeManifest": [], "ingredientDeltas": {"a": 1}}},
        {"active_manifest": "a", "manifests": {"a": {"ingredients": [1, {"validation_status": "x"}]}}},
    ],
)
def test_what_the_reader_never_says_raises_nothing(told: dict[str, Any]) -> None:
    assert status(told) == "intact_unknown_signer"
