"""The table of server families."""

from __future__ import annotations

import subprocess
import sys

import pytest

from catalog.errors import ConfigError
from catalog.wire.dialects import DIALECTS, SETTINGS, customise, find_dialect

PATHS = [name for name in SETTINGS if name.endswith("_path")]


@pytest.mark.parametrize("name", ["openai", "unified", "fourall", "apimart", "newapi", "generic"])
def test_the_named_dialects_are_known(name):
    assert find_dialect(name).name == name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("OpenAI", "openai"),
        ("new-api", "newapi"),
        ("4all", "fourall"),
        ("vLLM_Omni", "vllm-omni"),
        ("vllm", "vllm-omni"),
    ],
)
def test_case_and_dashes_of_a_dialect_do_not_matter(spelling, name):
    assert find_dialect(spelling).name == name


def test_a_misspelt_dialect_is_answered_with_the_nearest_and_all_known():
    with pytest.raises(ConfigError, match=r"did you mean 'apimart'.*openai.*unified"):
        find_dialect("apimarkt")


def test_an_unknown_dialect_far_from_all_is_answered_with_all_known():
    with pytest.raises(ConfigError, match="unknown dialect 'zzz'; known: openai"):
        find_dialect("zzz")


@pytest.mark.parametrize("name", ["unified", "fourall", "apimart", "newapi", "openrouter", "xai"])
def test_gateways_without_a_list_say_so(name):
    assert not find_dialect(name).lists


def test_litellm_lists_only_with_a_provider():
    assert find_dialect("litellm").missing_query == ("custom_llm_provider",)


def test_a_needed_parameter_that_is_given_is_not_missing():
    settings = {"list_query": {"custom_llm_provider": "openai"}}
    assert customise(find_dialect("litellm"), settings).missing_query == ()


def test_a_key_travels_as_a_bearer_token():
    assert find_dialect("openai").auth_header("k1") == {"Authorization": "Bearer k1"}


def test_azure_has_a_header_of_its_own():
    assert find_dialect("azure").auth_header("k1") == {"api-key": "k1"}


def test_no_key_means_no_header():
    assert find_dialect("openai").auth_header("") == {}


@pytest.mark.parametrize("row", DIALECTS.values(), ids=list(DIALECTS))
def test_every_row_would_pass_as_a_setting(row):
    settings = {name: getattr(row, name) for name in SETTINGS}
    assert customise(row, settings) == row


@pytest.mark.parametrize("row", DIALECTS.values(), ids=list(DIALECTS))
def test_every_row_is_found_by_all_its_names(row):
    assert {find_dialect(name).name for name in (row.name, *row.also)} == {row.name}


def test_a_generic_server_takes_its_paths_from_settings():
    row = customise(find_dialect("generic"), {"retrieve_path": "/query?id={id}", "list_path": ""})
    assert (row.retrieve_path, row.lists) == ("/query?id={id}", False)


@pytest.mark.parametrize(
    "setting",
    [
        {"retrieve_path": "/videos"},
        {"retrieve_path": ""},
        {"list_path": "/videos/{id}"},
        {"list_path": "videos"},
        {"content_path": "/a/../{id}"},
        {"content_path": "/a#{id}"},
        {"content_path": "/a/{name}/{id}"},
        {"content_path": "/{id}/{id}"},
        {"paging": "offset"},
        {"max_limit": 0},
        {"max_limit": True},
        {"poll_interval": -1},
        {"list_query": "provider=x"},
        {"auth": "Bearer {key}"},
        {"auth": "X-Key: secret"},
        {"auth": "X-Key: {key}\r\nHost: evil"},
        {"after_param": "a&b"},
        {"variants": "video"},
    ],
    ids=str,
)
def test_an_impossible_setting_is_refused_by_name(setting):
    with pytest.raises(ConfigError, match=f"dialect setting {next(iter(setting))}"):
        customise(find_dialect("generic"), setting)


def test_a_misspelt_setting_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="'retreive_path', did you mean 'retrieve_path'"):
        customise(find_dialect("generic"), {"retreive_path": "/v/{id}"})


def test_auth_can_be_switched_off():
    assert customise(find_dialect("generic"), {"auth": "none"}).auth_header("k1") == {}


def test_the_table_loads_without_a_network_library():
    code = "import sys, catalog.wire.dialects; print([n for n in ('httpx', 'httpcore', 'ssl') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
