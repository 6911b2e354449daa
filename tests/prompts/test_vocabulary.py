"""The vocabulary as data: what the file promises, and what users may add."""

from __future__ import annotations

import subprocess
import sys

from catalog.prompts import extract, load
from catalog.prompts.compiler import expand


def test_a_user_adds_a_facet() -> None:
    mine = load({"brand": {"acme": ["acme", "acme corp"]}})
    facets = extract("An Acme Corp truck", mine, open_facets=False).facets
    assert [(facet.name, facet.value, facet.start, facet.end) for facet in facets] == [("brand", "acme", 3, 12)]


def test_a_user_adds_a_synonym() -> None:
    mine = load({"camera_movement": {"push_in": {"forms": ["sneak+ up"]}}})
    assert [facet.value for facet in extract("Camera sneaks up", mine, open_facets=False).facets] == ["push_in"]


def test_the_words_of_a_user_stay_his_own() -> None:
    load({"brand": {"acme": ["acme"]}})
    assert not extract("An acme truck", open_facets=False).facets


def test_the_built_in_vocabulary_is_read_once() -> None:
    assert load() is load()


def test_forms_expand_alternatives_and_inflections() -> None:
    assert set(expand("pan+ {left|LEFT}", {})) == {
        f"{verb} {side}" for verb in ("pan", "pans", "panning", "panned") for side in ("left", "LEFT")
    }


def test_every_narrower_value_exists() -> None:
    known = {value for values in load().values.values() for value in values}
    assert {name for broad, narrow in load().broader.items() for name in (broad, *narrow)} <= known


def test_importing_the_package_loads_no_vocabulary() -> None:
    script = "import sys, catalog.prompts; print([m for m in ('ahocorasick', 'tomllib', 'json') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
