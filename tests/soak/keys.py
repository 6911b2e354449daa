"""A plugin of pytest that gives the tests of secrets new keys, of the same signs as their own: SOAK_SEED=7."""

from __future__ import annotations

import os
from random import Random
from string import ascii_lowercase, ascii_uppercase, digits

from tests import canary


def remake(key: str, chance: Random) -> str:
    """Another key of as many letters, digits and the same signs, in another order."""
    made = [
        next((chance.choice(kind) for kind in (ascii_lowercase, ascii_uppercase, digits) if sign in kind), sign)
        for sign in key
    ]
    chance.shuffle(made)
    return "".join(made)


chance = Random(os.environ["SOAK_SEED"])
canary.KEYS.update({name: remake(key, chance) for name, key in canary.KEYS.items()})
