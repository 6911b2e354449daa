"""Signed files with some of their bytes changed, and the law that no change makes a status better.

`make soak` takes the files of the reference set, where that lies beside the checkout, and clips signed on the spot.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalog.provenance import Profile, check_file, check_files, load_list
from tests.conftest import SHARED
from tests.signed import Signed, alter_media
from tests.soak.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

LISTS = (
    "C2PA-TRUST-LIST.pem",
    "C2PA-TSA-TRUST-LIST.pem",
    "interim-anchors-frozen.pem",
    "c2pa-rs-test-roots.pem",
    "ms-extension-test-chain.pem",
)
RANKS = {"intact_known_signer": 4, "intact_unknown_signer": 3, "intact_expired": 2, "history_problem": 1}


class Original(NamedTuple):
    """A signed file: its name and its bytes."""

    name: str
    data: bytes


def list_originals(signed: Signed) -> list[Original]:
    """Clips signed on the spot: one that is intact, one with a parent, one whose parent is not, and one that is not."""
    return [
        Original("signed.mp4", signed.clip),
        Original("remix.mp4", signed.remix(signed.clip)),
        Original("history.mp4", signed.remix(alter_media(signed.clip))),
        Original("changed.mp4", alter_media(signed.clip)),
    ]


def attack_manifests(folder: Path, chance: Random, size: int) -> Figures:
    """Check so many mutants of real manifests, and of some signed on the spot."""
    signed = Signed()
    originals, profile = list_originals(signed), signed.profile
    reference = Path(os.environ.get("CATALOG_SHARED", SHARED)) / "c2pa-fixtures"
    if reference.is_dir():
        files = [path for path in sorted(reference.glob("*/*")) if path.suffix in {".mp4", ".jpg", ".png", ".webp"}]
        originals += [
            Original(f"{path.parent.name}-{path.name}", path.read_bytes())
            for path in files
            if 0 < path.stat().st_size < 700_000
        ]
        lists = [load_list(reference / "trust-lists" / name) for name in LISTS]
        profile = Profile((signed.list, load_list(reference / "made-here" / "root.pem"), *lists))
    wrong = list(find_better(originals, profile, folder, chance, size))
    return Figures(f"{size:,} of {len(originals)} files", wrong)


def mutate(data: bytes, store: bytes | None, chance: Random) -> bytes:
    """The data with one to four changes, most of them where its credentials are."""
    changed = bytearray(data)
    start = data.find(store[:64]) if store else -1
    for _ in range(chance.randint(1, 4)):
        in_store = store is not None and start >= 0 and chance.random() < 0.9
        at = start + chance.randrange(len(store)) if in_store and store else chance.randrange(len(changed))
        at = min(at, len(changed) - 1)
        kind = chance.randrange(5)
        if kind < 3:
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 3:
            end = at + chance.randint(1, 64)
            changed[at:end] = bytes(len(changed[at:end]))
        else:
            source = chance.randrange(len(changed))
            part = changed[source : source + chance.randint(1, 32)]
            changed[at : at + len(part)] = part
    return bytes(changed)


def find_better(
    originals: Sequence[Original], profile: Profile, folder: Path, chance: Random, count: int
) -> Iterator[str]:
    """What went wrong with so many mutants: each whose status is better than its original's, or that ended a worker.

    The mutant is kept in the folder.
    """
    ranks = {}
    stores = {}
    for original in originals:
        path = folder / original.name
        path.write_bytes(original.data)
        check = check_file(path, profile=profile)
        ranks[original.name], stores[original.name] = RANKS.get(check.status or "", 0), check.store
        path.unlink()

    def mutants() -> Iterator[Path]:
        for number in range(count):
            original = originals[number % len(originals)]
            path = folder / f"{number}-{original.name}"
            path.write_bytes(mutate(original.data, stores[original.name], chance))
            yield path

    for checked in check_files(mutants(), profile=profile, workers=2):
        path, check = checked.target.path, checked.check
        name = path.name.partition("-")[2]
        if check.status is None or RANKS.get(check.status, 0) > ranks[name]:
            yield f"{path}: {check.status} is better than its original's: {check.words}"
        elif "the check of it" in (check.reason or ""):
            yield f"{path}: {check.reason}"
        elif not check.words.isprintable():
            yield f"{path}: its words are not fit to be shown"
        else:
            path.unlink()
