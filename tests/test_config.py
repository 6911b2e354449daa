"""What `catalog.toml` and the environment may say, and how a mistake in them is told."""

from __future__ import annotations

import re
import time
import tomllib
from datetime import date
from pathlib import Path

import pytest

from catalog.config import TEMPLATE, Source
from catalog.errors import ConfigError
from catalog.prices import load_prices
from catalog.settings import Settings, find_file, load_settings
from catalog.toml_lines import find_line
from catalog.wire.dialects import SETTINGS, find_dialect

SECRET = "sk-very-secret-123"
SYNC = "[sync]\n"
PRICE = "source = 'fal_ai'\nmodel = 'sora-2'\nusd_per_second = 0.08\n"
URL = 'base_url = "https://gateway.example.com/v1"\n'


def load(folder: Path, text: str, environment: dict[str, str] | None = None) -> Settings:
    path = folder / "catalog.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environment or {})


def refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as error:
        load(folder, text)
    message = str(error.value)
    assert "\n" not in message
    assert SECRET not in message
    assert message.startswith(str(folder / "catalog.toml"))
    return error.value


def uncommented(text: str) -> str:
    return re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)


def test_the_template_is_valid_and_sets_nothing() -> None:
    assert tomllib.loads(TEMPLATE) == {}


def test_the_template_uncommented_is_valid(tmp_path: Path) -> None:
    settings = load(tmp_path, uncommented(TEMPLATE))
    assert settings.sources["studio"].server.list_path == "/jobs"
    assert settings.sources["studio"].key_env == "STUDIO_API_KEY"
    assert set(tomllib.loads(uncommented(TEMPLATE))["sync"]) == set(type(settings.sync).model_fields)


def test_the_values_of_the_template_are_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, uncommented(TEMPLATE)).sync == Settings().sync


def test_sources_keep_their_order_and_get_their_names(tmp_path: Path) -> None:
    settings = load(tmp_path, f"[sources.zoo]\n{URL}[sources.a-1_b]\n{URL}")
    assert [source.name for source in settings.sources.values()] == ["zoo", "a-1_b"]
    assert settings.require_sources() == ["zoo", "a-1_b"]


def test_a_trailing_slash_of_the_base_url_is_dropped(tmp_path: Path) -> None:
    settings = load(tmp_path, '[sources.a]\nbase_url = "http://localhost:8000/v1/"\n')
    assert settings.sources["a"].base_url == "http://localhost:8000/v1"


# Mistakes: the line, the key and the way out

MISTAKES = {
    "a section": ("\n[snyc]\nparallel = 2\n", 2, "snyc", "did you mean sync?"),
    "a key of the top": (
        "look_back = 3\n",
        1,
        "look_back",
        "no such setting: use one of download, facets, prices, prices_file, sources, sync",
    ),
    "a key of a section": ("# parralel\n[sync]\n\nparralel = 2\n", 4, "sync.parralel", "did you mean parallel?"),
    "a key of a source": (f"[sources.a]\n{URL}dialekt = 'x'\n", 3, "sources.a.dialekt", "did you mean dialect?"),
    "the second source": (
        f"[sources.a]\n{URL}[sources.b]\n{URL}kee = 1\n",
        5,
        "sources.b.kee",
        "no such setting",
    ),
    "a misspelt required key": ('[sources.a]\nbase_ulr = "x"\n', 2, "sources.a.base_ulr", "did you mean base_url?"),
    "a quoted key": (f'[sources."a"]\n{URL}"dialekt" = 1\n', 3, "sources.a.dialekt", "did you mean dialect?"),
    "a dotted key": (f"[sources]\na.{URL}a . dialekt = 1\n", 3, "sources.a.dialekt", "did you mean dialect?"),
    "a dotted heading": (f"\n[ sources . 'a' ]\n{URL}kee = 1\n", 4, "sources.a.kee", "no such setting"),
    "an inline table": (
        'parts = 1\nsources = {a = {base_url = "https://h/v1", dialekt = 1}}\n'.removeprefix("parts = 1\n"),
        1,
        "sources.a.dialekt",
        "did you mean dialect?",
    ),
    "a key after a long text": (
        f'[sources.a]\n{URL}prices = """\nkee = 1\n"""\n\n# kee\nkee = 2\n',
        8,
        "sources.a.kee",
        "no such setting",
    ),
    "a key with a long value": ("[sync]\nlook = [\n  1,\n  2,\n]\n", 2, "sync.look", "no such setting"),
    "a setting of a dialect": (
        f"[sources.a]\n{URL}list_pth = '/jobs'\n",
        3,
        "sources.a.list_pth",
        "did you mean list_path?",
    ),
    "a value of a dialect": (
        f"[sources.a]\n{URL}\nretrieve_path = '/jobs'\n",
        4,
        "sources.a.retrieve_path",
        "must contain {id} once",
    ),
    "a missing key": ("[sync]\n[sources.a]\ndialect = 'openai'\n", 2, "sources.a.base_url", "Field required"),
    "a wrong type": (f"[sources.a]\n{URL}dialect = 3\n", 3, "sources.a.dialect", "valid string"),
    "a number too small": ("[sync]\nparallel = 0\n", 2, "sync.parallel", "greater than or equal to 1"),
    "a text for a number": ('[sync]\nparallel = "many"\n', 2, "sync.parallel", "valid integer"),
    "a table that is none": ("sources = 3\n", 1, "sources", "valid dictionary"),
    "a source that is none": ("[sources]\n\na = 3\n", 3, "sources.a", "valid dictionary"),
    "a list of tables": (f"[[sources]]\n{URL}", 1, "sources", "valid dictionary"),
    "a source's name": (f"\n[sources.'Über Studio']\n{URL}", 2, "sources.Über Studio", "lower-case letters, digits"),
    "a name written twice": (f"[sources.a]\n{URL}name = 'b'\n", 3, "sources.a.name", "the heading names the source"),
    "a setting of our own": ("[sync]\n[path]\n", 2, "path", "no such setting"),
    "a URL without a scheme": ("[sources.a]\nbase_url = 'host/v1'\n", 2, "sources.a.base_url", "https://host/v1"),
    "a URL of another kind": ("[sources.a]\nbase_url = 'ftp://host'\n", 2, "sources.a.base_url", "https://host/v1"),
    "a URL with a password": (
        f"[sources.a]\nbase_url = 'https://me:{SECRET}@host/v1'\n",
        2,
        "sources.a.base_url",
        "without user, password",
    ),
    "a URL with a query": (
        f"[sources.a]\nbase_url = 'https://host/v1?key={SECRET}'\n",
        2,
        "sources.a.base_url",
        "without user, password, query",
    ),
    "an unreadable URL": (f"[sources.a]\nbase_url = '{SECRET}'\n", 2, "sources.a.base_url", "https://host/v1"),
    "an unknown dialect": (
        f"[sources.a]\n{URL}dialect = 'opnai'\n",
        3,
        "sources.a.dialect",
        "did you mean 'openai'?",
    ),
    "a key in the file": (
        f"[sources.a]\n{URL}api_key = '{SECRET}'\n",
        3,
        "sources.a.api_key",
        "put the key in an environment variable and its name in key_env",
    ),
    "a key for its variable": (
        f"[sources.a]\n{URL}key_env = '{SECRET}'\n",
        3,
        "sources.a.key_env",
        "the name of an environment variable, never the key itself",
    ),
    "a key in a header": (f"[sources.a]\n{URL}auth = 'Bearer {SECRET}'\n", 3, "sources.a.auth", "must be a header"),
    "a duplicated key": (f"[sources.a]\n{URL}\n{URL}", 4, "base_url", "not valid TOML: Cannot overwrite a value"),
    "a duplicated heading": (f"[sources.a]\n{URL}[sources.a]\n", 3, "not valid TOML", "('sources', 'a') twice"),
    "no TOML": ("[sync]\nparallel: 3\n", 2, "not valid TOML", "Expected '='"),
    "a secret in no TOML": (f"[sync]\n{SECRET}\n", 2, "not valid TOML", "Expected '='"),
    "an amount of a price": (
        f"[[prices]]\n{PRICE}[[prices]]\nsource = 'a'\nmodel = 'm'\nusd_per_second = '{SECRET}'\n",
        8,
        "prices.usd_per_second",
        "must be a number of dollars from 0",
    ),
    "a column of a price": (f"\n[[prices]]\n{PRICE}usd = 1\n", 6, "prices.usd", "is not a column of prices; known:"),
    "a misspelt column of a price": (
        f"[[prices]]\n{PRICE}valid_form = 1\n",
        5,
        "prices.valid_form",
        "is not a column of prices, did you mean valid_from?",
    ),
    "a missing column of a price": ("[[prices]]\nsource = 'a'\n", 1, "prices.model", "is missing"),
    "the days of a price": (
        f"[[prices]]\n{PRICE}valid_from = 2026-02-01\nvalid_to = 2026-01-01\n",
        6,
        "prices.valid_to",
        "lies before valid_from",
    ),
    "a price that is none": (f"{SYNC}[prices]\n{PRICE}", 2, "prices", "valid tuple"),
    "a price in a list that is none": ("prices = [\n  3,\n]\n", 1, "prices", "a price is a table"),
    "a NUL": ("[sync]\nparallel = 4 # \0\n", 2, "not valid TOML", r"\x00"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_the_line_and_the_key_and_the_way_out(tmp_path: Path, mistake: str) -> None:
    text, line, key, advice = MISTAKES[mistake]
    error = refusal(tmp_path, text)
    assert f", line {line}: {key}" in str(error)
    assert advice in str(error)
    assert error.line == line
    assert error.path == str(tmp_path / "catalog.toml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[a]]\n[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 1\n", 7),
        ("[[a]]\n[[a]]\n[[a.b]]\nc = 1\n[[a]]\nb.c = 1\n", 6),
        ("a = [{}, {},\n  {b = {c = 1}},\n]\n", 1),
        ('x = """\n[[a]]\n""""\n[[a]]\n[[a]]\n[[a]]\nb = {c = \'"#[\'}\n', 7),
        ("x = '''\n\\'''\n[[a]] # ]\n[[a]]\n[[\"\\u0061\"]]\nb.'c' = 2\n", 6),
    ],
)
def test_a_line_is_found_by_its_keys_however_the_file_is_written(text: str, line: int) -> None:
    assert find_line(text, ["a", 2, "b", "c"]) == line
    assert find_line(text.replace("\n", "\r\n"), ["a", 2, "b", "c", "deeper"]) == line


def test_a_bad_line_of_a_long_file_costs_no_more_than_a_few_readings_of_it(tmp_path: Path) -> None:
    words = "".join(f'client_{number} = ["Client {number}", "C{number} Corp"]\n' for number in range(2000))
    text = f"[facets.client]\n{words}[sync]\nparalel = 2\n"
    started = time.perf_counter()
    for _ in range(5):
        tomllib.loads(text)
    reading = (time.perf_counter() - started) / 5
    started = time.perf_counter()
    error = refusal(tmp_path, text)
    assert time.perf_counter() - started < 30 * reading + 0.5
    assert "line 2003: sync.paralel: no such setting, did you mean parallel?" in str(error)


def test_lines_that_end_as_on_windows_are_counted_the_same(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(f"# a\u2028line\n[sources.a]\n{URL}k = 1".replace("\n", "\r\n").encode())
    with pytest.raises(ConfigError, match=r"line 4: sources\.a\.k: no such setting"):
        load_settings(path, {})


def test_a_text_that_never_ends_is_refused(tmp_path: Path) -> None:
    assert "not valid TOML" in str(refusal(tmp_path, '[sync]\nparallel = """'))


def test_a_byte_that_is_not_utf8_is_found(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes(b"[sync]\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"catalog.toml, line 2: not UTF-8: save the file as UTF-8 text"):
        load_settings(path, {})


def test_the_mark_that_windows_puts_in_front_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").write_bytes(b"\xef\xbb\xbf[sync]\nparallel = 2\n")
    assert load_settings(tmp_path / "catalog.toml", {}).sync.parallel == 2


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "catalog.toml").mkdir()
    with pytest.raises(ConfigError, match=r"cannot read .*catalog.toml: Is a directory"):
        load_settings(find_file(tmp_path / "catalog.db"), {})
    with pytest.raises(ConfigError, match=r"catalog.toml is not a regular file"):
        find_file(tmp_path / "catalog.db", tmp_path / "catalog.toml")


# Where it is found


def test_the_file_beside_the_library_wins_over_the_one_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(here)
    assert find_file(there / "catalog.db") is None
    (here / "catalog.toml").touch()
    assert find_file(there / "catalog.db") == Path("catalog.toml")
    (there / "catalog.toml").touch()
    assert find_file(there / "catalog.db") == there / "catalog.toml"
    assert find_file(there / "catalog.db", here / "catalog.toml") == here / "catalog.toml"


@pytest.mark.parametrize("name", ["none.toml", "a\0b"])
def test_a_file_that_was_named_must_be_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"no configuration file at"):
        find_file(tmp_path / "catalog.db", tmp_path / name)


# Keys and the environment


def test_a_key_comes_from_the_environment(tmp_path: Path) -> None:
    source = Source(name="a", base_url="https://host/v1", key_env="A_KEY")
    assert source.key({"A_KEY": f" {SECRET}\n"}) == SECRET
    assert Source(name="a", base_url="https://host/v1").key({}) is None


@pytest.mark.parametrize("environment", [{}, {"A_KEY": ""}, {"A_KEY": " \n"}])
def test_a_key_that_is_not_set_names_the_variable(environment: dict[str, str]) -> None:
    source = Source(name="a", base_url="https://host/v1", key_env="A_KEY")
    with pytest.raises(ConfigError, match=r"source a: the environment variable A_KEY is not set"):
        source.key(environment)


def test_the_environment_makes_a_source_called_default() -> None:
    settings = load_settings(None, {"OPENAI_BASE_URL": "https://o/v1", "OPENAI_API_KEY": SECRET})
    assert settings.sources["default"].base_url == "https://o/v1"
    assert settings.sources["default"].key({"OPENAI_API_KEY": SECRET}) == SECRET


def test_our_own_variables_win_over_those_of_openai() -> None:
    both = {
        "CATALOG_BASE_URL": "https://c/v1",
        "CATALOG_API_KEY": "c",
        "OPENAI_BASE_URL": "https://o/v1",
        "OPENAI_API_KEY": "o",
    }
    source = load_settings(None, both).sources["default"]
    assert (source.base_url, source.key_env) == ("https://c/v1", "CATALOG_API_KEY")


def test_a_server_in_the_environment_may_need_no_key() -> None:
    source = load_settings(None, {"CATALOG_BASE_URL": "http://127.0.0.1:8000/v1"}).sources["default"]
    assert source.key({}) is None


def test_a_source_in_the_file_wins_over_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, f"[sources.a]\n{URL}", {"CATALOG_BASE_URL": "https://c/v1"})
    assert list(settings.sources) == ["a"]


def test_a_file_without_sources_goes_with_the_source_of_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, "[sync]\nparallel = 2\n", {"CATALOG_BASE_URL": "https://c/v1"})
    assert (list(settings.sources), settings.sync.parallel) == (["default"], 2)


@pytest.mark.parametrize("url", ["nonsense", f"https://me:{SECRET}@host/v1"])
def test_a_bad_url_in_the_environment_names_the_variable(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^environment variable OPENAI_BASE_URL: ") as error:
        load_settings(None, {"OPENAI_BASE_URL": url})
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


def test_no_source_at_all_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"add one to catalog.toml, or set CATALOG_BASE_URL and CATALOG_API_KEY"):
        load_settings(None, {}).find_source("a")
    with pytest.raises(ConfigError, match=f"add one to {tmp_path}/catalog.toml"):
        load(tmp_path, TEMPLATE).require_sources()


def test_an_unknown_source_names_the_configured_ones(tmp_path: Path) -> None:
    settings = load(tmp_path, f"[sources.a]\n{URL}[sources.b]\n{URL}")
    assert settings.find_source("b").name == "b"
    with pytest.raises(
        ConfigError, match=r"no source 'c' is configured: use one of a, b, or add it to .*/catalog\.toml"
    ):
        settings.find_source("c")


# A dialect with parts replaced


def test_a_source_without_settings_speaks_its_dialect_as_it_is() -> None:
    source = Source(name="a", base_url="https://host/v1", dialect="OpenAI")
    assert source.server == find_dialect("openai")
    assert source.dialect == "openai"


def test_a_source_may_replace_any_part_of_its_dialect(tmp_path: Path) -> None:
    text = f"""
[sources.a]
{URL}
dialect = "generic"
list_path = "/jobs"
retrieve_path = "/jobs/{{id}}"
remix_path = false
paging = "page"
max_limit = 20
auth = "X-Api-Key: {{key}}"
poll_interval = 2
list_query = {{ provider = "openai" }}
"""
    server = load(tmp_path, text).sources["a"].server
    assert (server.name, server.list_path, server.retrieve_path) == ("generic", "/jobs", "/jobs/{id}")
    assert (server.remix_path, server.paging, server.max_limit, server.poll_interval) == (None, "page", 20, 2.0)
    assert server.list_query == {"provider": "openai"}
    assert server.auth_header("k") == {"X-Api-Key": "k"}


def test_a_table_of_its_own_replaces_the_query(tmp_path: Path) -> None:
    text = f"[sources.a]\n{URL}dialect = 'litellm'\n[sources.a.list_query]\ncustom_llm_provider = 'openai'\n"
    assert load(tmp_path, text).sources["a"].server.missing_query == ()


def test_no_setting_of_a_dialect_hides_a_field_of_a_source() -> None:
    assert not set(SETTINGS) & set(Source.model_fields)


# Prices


def test_prices_of_the_user_stand_in_front_of_the_table(tmp_path: Path) -> None:
    text = f"[[prices]]\n{PRICE}tier = '720P'\nvalid_from = 2026-03-12\n[[prices]]\n{PRICE}"
    first, second, *table = load(tmp_path, text).load_prices()
    assert (first.source, first.tier, str(first.usd_per_second)) == ("fal_ai", "720p", "0.08")
    assert (first.valid_from, first.valid_to, first.origin) == (date(2026, 3, 12), None, "user")
    assert second.tier == "base"
    assert table == load_prices()


def test_a_file_of_prices_lies_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "ours.csv").write_text("source,model,usd_per_second\nfal_ai,sora-2,0.07\n")
    price, *table = load(tmp_path, "prices_file = 'ours.csv'\n").load_prices()
    assert (price.model, price.origin) == ("sora-2", "user")
    assert table == load_prices()


def test_a_file_of_prices_that_is_missing_is_told_when_it_is_needed(tmp_path: Path) -> None:
    settings = load(tmp_path, "prices_file = 'ours.csv'\n")
    with pytest.raises(ConfigError, match=rf"cannot read the prices in {tmp_path}/ours\.csv"):
        settings.load_prices()
