"""A plugin of pytest that gives the tests of secrets new keys: SOAK_KEYS="SEED COUNT"."""

from __future__ import annotations

import os
from random import Random
from string import ascii_letters, digits

from tests import canary

SIGNS = "/+=\"'\\&%<>;:-_.~!#$"  # which JSON, URLs, HTML and base64 each write in ways of their own


def make_keys(seed: str, count: int) -> dict[str, str]:
    """So many keys, each of letters, digits and a few signs."""
    chance = Random(seed)
    return {
        f"key {number}": "".join(
            chance.choice(SIGNS if chance.random() < 0.25 else ascii_letters + digits)
            for _ in range(chance.randint(14, 48))
        )
        for number in range(count)
    }


seed, count = os.environ["SOAK_KEYS"].split()
canary.KEYS.clear()
canary.KEYS.update(make_keys(seed, int(count)))
