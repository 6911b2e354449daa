"""Reads `catalog.toml` and environment variables, and explains what is wrong with them.

Keys belong in the environment only: the file names the variable that holds one. A message names the line and the
setting and never repeats a value, because a user may have put a secret there.
"""

from __future__ import annotations

import os
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path  # noqa: TC003 - pydantic evaluates it
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from catalog import disk
from catalog.client.hosts import ENVIRONMENT, require_proxy
from catalog.client.paging import MAX_PAGES
from catalog.errors import ConfigError
from catalog.prices import load_prices, read_price
from catalog.pricing import BadCell, Price
from catalog.prompts.given import FACET_NAME
from catalog.toml_lines import find_line
from catalog.wire.dialects import DIALECTS, SETTINGS, Dialect, customise, find_dialect
from catalog.wire.ids import SOURCE_NAME, SOURCE_NAME_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

TEMPLATE = """\
# The settings of a catalog library. Every line that starts with `#` is a comment.
# API keys do not belong here: `key_env` names the environment variable that holds one.

# prices_file = "prices.csv"   # your own prices: a CSV table, or a copy of LiteLLM's prices as JSON

# A source is an account on a server that speaks /v1/videos. Its name consists of lower-case letters, digits, - and _.
# [sources.studio]
# base_url = "https://gateway.example.com/v1"   # up to and including /v1
# dialect = "openai"                            # how the server lays out paths and pages
# key_env = "STUDIO_API_KEY"
# prices = "fal_ai"                             # whose prices it charges: a name under which there are prices
# proxy = "env"                                 # use the proxies of HTTPS_PROXY and NO_PROXY, or http://host:port
# list_path = "/jobs"                           # replace any part of the dialect for this source:
# create_path = "/jobs"                         # paths (by which capture recognises calls), paging,
# auth = "X-Api-Key: {key}"                     # the header that carries the key ...

# [sync]
# look_back_hours = 48      # how far back an incremental sync always looks
# deadline_seconds = 60     # the longest a request may take, including waits and retries
# parallel = 4              # how many jobs are retrieved at once
# max_pages = 20000         # how many pages of a list one run reads at most; the next one goes on there

# [download]
# deadline_seconds = 600      # the longest that one file may take, including waits and retries
# header_seconds = 30         # the longest until the head of an answer has come
# min_bytes_per_second = 1024 # what a server has to send, over 30 seconds
# max_bytes = 4_000_000_000   # the largest file, after decompression
# parallel = 4                # how many files are downloaded at once

# [trust]
# lists = ["https://example.com/trust-list.pem"]   # what `catalog trust update` fetches instead of the official lists

# Your own price, for a source or a provider, overrides those that come with the package.
# [[prices]]
# source = "studio"
# model = "sora-2"
# tier = "720p"             # the short side of the frame; without it, the price applies to every size
# usd_per_second = 0.08
# valid_from = 2026-03-12   # the first and the last day; both are optional
# valid_to = 2026-12-31

# Your own words for what prompts ask for: forms of a value, values, whole facets. Then `catalog reindex --facets`
# reads all prompts again.
# [facets.style]
# risograph = ["risograph", "riso print"]
# [facets.client]
# acme = ["Acme", "Acme Corp"]
"""

_PATTERNS = {
    "name": SOURCE_NAME_RULE,
    "key_env": "the name of an environment variable, never the key itself",
}
_url = TypeAdapter(HttpUrl)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Source(_Strict):
    """A configured account on a server; other settings replace parts of its dialect: see `dialects.SETTINGS`."""

    model_config = ConfigDict(extra="allow")

    name: Annotated[str, Field(pattern=f"^{SOURCE_NAME}$")]
    base_url: str
    dialect: str = "openai"
    key_env: Annotated[str, Field(pattern=VARIABLE_NAME)] | None = None
    prices: str | None = None
    proxy: str | None = Field(default=None, repr=False)  # which may hold a password

    @model_validator(mode="before")
    @classmethod
    def _check_settings(cls, data: Any) -> Any:
        """Refuse keys that are neither fields nor settings of dialects; the error carries the key for the message."""
        for key, value in data.items() if isinstance(data, dict) else ():
            if key in cls.model_fields:
                continue
            if key not in SETTINGS:
                raise PydanticCustomError("extra_forbidden", "no such setting", {"key": key})
            try:
                customise(DIALECTS["openai"], {key: value})
            except ConfigError as error:
                raise PydanticCustomError("setting", "{why}", {"key": key, "why": str(error.__cause__)}) from error
        return data

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        try:
            url = _url.validate_python(value)
        except ValidationError as error:
            raise ValueError("write it as https://host/v1") from error
        if url.username or url.password or url.query or url.fragment:
            raise ValueError("give the URL without user, password, query or fragment")
        return value.strip().rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _check_proxy(cls, value: str | None) -> str | None:
        try:
            return value if value in {None, ENVIRONMENT} else require_proxy(value)
        except ConfigError as error:
            raise ValueError(f'{error}, or "{ENVIRONMENT}" to use those that the environment names') from error

    @field_validator("dialect")
    @classmethod
    def _check_dialect(cls, value: str) -> str:
        try:
            return find_dialect(value).name
        except ConfigError as error:
            raise ValueError(str(error)) from error

    @property
    def server(self) -> Dialect:
        """How to ask this server: its dialect, with the parts that the configuration replaces."""
        return customise(find_dialect(self.dialect), self.model_extra or {})

    def key(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """The API key; None where the source needs none. Raises ConfigError when its variable is not set."""
        if self.key_env is None:
            return None
        key = environment.get(self.key_env, "").strip()
        if not key:
            raise ConfigError(
                f"source {self.name}: the environment variable {self.key_env} is not set: put the API key in it"
            )
        return key


class SyncSettings(_Strict):
    """How a sync behaves; each name says its unit of time."""

    look_back_hours: Annotated[float, Field(ge=0, le=24 * 365)] = 48.0
    deadline_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    parallel: Annotated[int, Field(ge=1, le=32)] = 4
    max_pages: Annotated[int, Field(ge=1, le=10_000_000)] = MAX_PAGES

    def with_max_pages(self, most: int | None) -> SyncSettings:
        """These settings with another number of pages; unchanged for None. Raises ConfigError."""
        try:
            return self if most is None else SyncSettings(**{**self.model_dump(), "max_pages": most})
        except ValidationError as error:
            raise ConfigError(f"max_pages: {_reason(error.errors()[0])}") from error


class DownloadSettings(_Strict):
    """How files are downloaded; each name says its unit."""

    deadline_seconds: Annotated[float, Field(gt=0, le=24 * 3600)] = 600.0
    header_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    min_bytes_per_second: Annotated[float, Field(ge=0)] = 1024.0
    max_bytes: Annotated[int, Field(ge=1)] = 4_000_000_000
    parallel: Annotated[int, Field(ge=1, le=32)] = 4


class TrustSettings(_Strict):
    """Where trust lists are fetched, instead of the official ones."""

    lists: tuple[str, ...] | None = None

    @field_validator("lists")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for address in value or ():
            try:
                _url.validate_python(address)
            except ValidationError as error:
                raise ValueError("write each as https://host/trust-list.pem") from error
        return value


def _read_row(row: Any) -> Any:
    """The price that a TOML table describes; the error carries the column for the message."""
    if isinstance(row, Price):
        return row
    if not isinstance(row, dict):
        raise ValueError("a price is a table")  # noqa: TRY004 - what pydantic reports
    try:
        return read_price(row)
    except ConfigError as error:
        fault = error.__cause__
        if not isinstance(fault, BadCell):
            raise
        raise PydanticCustomError("price", "{why}", {"key": fault.column, "why": fault.rule}) from error


FacetName = Annotated[str, Field(pattern=f"^{FACET_NAME}$")]
Phrase = Annotated[str, Field(min_length=1, max_length=200)]
Forms = Phrase | list[Phrase] | dict[str, list[Phrase]]


class ConfigFile(_Strict):
    """The checked content of a configuration file, of which `settings` makes the program's settings."""

    sources: dict[str, Source] = Field(default_factory=dict)
    sync: SyncSettings = SyncSettings()
    download: DownloadSettings = DownloadSettings()
    trust: TrustSettings = TrustSettings()
    prices: tuple[Annotated[Price, BeforeValidator(_read_row)], ...] = ()
    prices_file: Path | None = None
    facets: dict[FacetName, dict[FacetName, Forms]] = Field(default_factory=dict)


def read_environment(url_name: str, key_name: str, environment: Mapping[str, str]) -> Source:
    """The source `default` that two environment variables configure; raises ConfigError that names the variable."""
    key_env = key_name if environment.get(key_name) else None
    try:
        return Source(name="default", base_url=environment[url_name].strip(), key_env=key_env)
    except ValidationError as error:
        raise ConfigError(f"environment variable {url_name}: {_reason(error.errors()[0])}") from error


def read_file(path: Path) -> ConfigFile:
    """The checked content of a configuration file; raises ConfigError that names the file, the line and the key."""
    text = _read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _explain_toml(path, text, str(error)) from error
    try:
        content = ConfigFile.model_validate(_name_sources(path, text, data))
    except ValidationError as error:
        raise _explain(path, text, error.errors()[0]) from error
    _check_payers(path, text, content)
    return content


def _check_payers(path: Path, text: str, content: ConfigFile) -> None:
    """Refuse a source that pays the prices of a name under which there are none."""
    names = {price.source for price in content.prices}
    own = [path.parent / content.prices_file.expanduser()] if content.prices_file else []
    tables = [None, *own]  # each is read only where the ones before do not have the name
    for name, source in content.sources.items():
        while source.prices is not None and source.prices not in names and tables:
            names |= {price.source for price in load_prices(tables.pop(0))}
        if source.prices is not None and source.prices not in names:
            near = get_close_matches(source.prices.lower(), sorted(names), n=1)
            advice = f"did you mean {near[0]}? There are" if near else "there are"
            keys = ["sources", name, "prices"]
            reason = f"no prices of that name: {advice} {', '.join(sorted(names))}"
            _fail(path, find_line(text, keys), ".".join(keys), reason)


def _read_text(path: Path) -> str:
    try:
        content = disk.read_file(path)
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", path=str(path)) from error
    except UnicodeDecodeError as error:
        return _fail(path, content.count(b"\n", 0, error.start) + 1, "", "not UTF-8: save the file as UTF-8 text")


def _name_sources(path: Path, text: str, data: dict[str, Any]) -> dict[str, Any]:
    """Put the name of each source, which TOML has in the heading, into its table."""
    sources = data.get("sources")
    if not isinstance(sources, dict):
        return data
    for name, table in sources.items():
        if isinstance(table, dict) and "name" in table:
            keys = ["sources", name, "name"]
            _fail(path, find_line(text, keys), ".".join(keys), "no such setting: the heading names the source")
    named = {name: {**table, "name": name} if isinstance(table, dict) else table for name, table in sources.items()}
    return {**data, "sources": named}


def _explain_toml(path: Path, text: str, reason: str) -> ConfigError:
    position = re.search(r" \(at line (\d+), column \d+\)$", reason)
    if position is None:
        return _error(path, None, "", f"not valid TOML: {reason}")
    line = int(position[1])
    key = re.match(r"""\s*([\w."'-]+)\s*=""", text.split("\n")[line - 1]) if "overwrite" in reason else None
    return _error(path, line, key[1] if key else "", f"not valid TOML: {reason[: position.start()]}")


def _explain(path: Path, text: str, fault: Any) -> ConfigError:
    extra = [fault["ctx"]["key"]] if "key" in fault.get("ctx", {}) else []
    keys = [*fault["loc"], *extra]
    names = [key for key in keys if isinstance(key, str)]
    return _error(path, find_line(text, keys), ".".join(names), _reason(fault, names))


def _error(path: Path, line: int | None, key: str, reason: str) -> ConfigError:
    where = f"{path}, line {line}" if line else str(path)
    return ConfigError(": ".join(filter(None, (where, key, reason))), path=str(path), line=line)


def _fail(path: Path, line: int | None, key: str, reason: str) -> NoReturn:
    raise _error(path, line, key, reason)


def _reason(fault: Any, keys: Sequence[str] = ()) -> str:
    if fault["type"] == "extra_forbidden" and keys:
        return _unknown(keys[-1], keys[:-1])
    if fault["type"] == "string_pattern_mismatch" and keys:
        return _PATTERNS.get(keys[-1], str(fault["msg"]))
    return str(fault["msg"]).removeprefix("Value error, ")


def _unknown(key: str, parents: Sequence[str]) -> str:
    tables: dict[str, type[BaseModel]] = {"sync": SyncSettings, "download": DownloadSettings, "trust": TrustSettings}
    model = tables.get(parents[0], Source) if parents else ConfigFile
    names = sorted({*model.model_fields, *(SETTINGS if model is Source else ())} - {"name"})
    if re.search("key|token|secret|password", key, re.IGNORECASE):
        return "no such setting: put the key in an environment variable and its name in key_env"
    close = get_close_matches(key, names, n=1)
    return f"no such setting, did you mean {close[0]}?" if close else f"no such setting: use one of {', '.join(names)}"
