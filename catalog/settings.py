"""What is configured: sources, prices and words, from `catalog.toml` and the environment.

What reads a configuration is loaded only where something is configured: `config`, with pydantic, takes longer than the
rest of starting a command.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from catalog.disk import NOT_REGULAR, read_file
from catalog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from catalog.config import DownloadSettings, Source, SyncSettings
    from catalog.pricing import Price

WEBHOOK_SECRET_ENV = "CATALOG_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
FILE_NAME = "catalog.toml"

# Pairs of variables that make a source called `default` where no file configures one.
ENVIRONMENT_SOURCES = (("CATALOG_BASE_URL", "CATALOG_API_KEY"), ("OPENAI_BASE_URL", "OPENAI_API_KEY"))


@dataclass(frozen=True)
class Settings:
    """Everything configured, sources by name; `facets` are the user's own words: facet to value to its forms.

    `trust_lists` are the addresses of those to fetch, None where nothing is said of them.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    prices: Sequence[Price] = ()
    prices_file: Path | None = None
    facets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: Path | None = None
    sync_table: SyncSettings | None = None
    download_table: DownloadSettings | None = None
    trust_lists: Sequence[str] | None = None

    @property
    def sync(self) -> SyncSettings:
        """The settings of a sync, or their defaults."""
        from catalog.config import SyncSettings

        return self.sync_table or SyncSettings()

    @property
    def download(self) -> DownloadSettings:
        """The settings of a download, or their defaults."""
        from catalog.config import DownloadSettings

        return self.download_table or DownloadSettings()

    @property
    def payers(self) -> dict[str, tuple[str, str | None]]:
        """The dialect of each source, and its setting `prices`: whose prices it pays, see `pricing.provider_of`."""
        return {source.name: (source.dialect, source.prices) for source in self.sources.values()}

    def load_prices(self) -> list[Price]:
        """Every price that may apply: the rows in the settings, those of `prices_file`, then the package's table.

        A relative `prices_file` is relative to the settings. Raises ConfigError.
        """
        from catalog.prices import load_prices

        folder = self.path.parent if self.path else Path()
        own = load_prices(folder / self.prices_file.expanduser()) if self.prices_file else []
        return [*self.prices, *own, *load_prices()]

    def require_sources(self) -> list[str]:
        """The names of all sources; raises ConfigError where there are none."""
        if self.sources:
            return list(self.sources)
        variables = " and ".join(ENVIRONMENT_SOURCES[0])
        raise ConfigError(f"no source is configured: add one to {self.path or FILE_NAME}, or set {variables}")

    def find_source(self, name: str) -> Source:
        """The source of that name; raises ConfigError that lists the configured ones."""
        if name in self.sources:
            return self.sources[name]
        names = ", ".join(self.require_sources())
        raise ConfigError(
            f"no source {name!r} is configured: use one of {names}, or add it to {self.path or FILE_NAME}"
        )


def find_file(database: Path, config: str | Path | None = None) -> Path | None:
    """The configuration file: `config`, else `catalog.toml` beside the library, else here, else None."""
    if config is not None:
        path = Path(config)
        if not path.is_file():
            problem = f"{path} is {NOT_REGULAR}" if path.exists() else f"no configuration file at {path}"
            raise ConfigError(problem, path=str(path))
        return path
    candidates = (database.parent / FILE_NAME, Path(FILE_NAME))
    return next((path for path in candidates if os.path.exists(path)), None)  # noqa: PTH110 - False where not allowed


def load_settings(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a file; the sources of the environment where the file configures none.

    From then on their keys are known to `redaction`. Raises ConfigError that names the file, the line and the key.
    """
    settings = Settings() if path is None or _is_blank(path) else _read(path)
    settings = replace(settings, path=path, sources=settings.sources or _read_environment(environment))
    from catalog.redaction import know_secrets

    know_secrets(*_find_secrets(settings.sources.values(), environment))
    return settings


def _find_secrets(sources: Iterable[Source], environment: Mapping[str, str]) -> Iterator[str | None]:
    """The keys of the sources, what stands in their addresses, and the secrets under the names that we know."""
    from catalog.redaction import find_credentials

    names = {source.key_env for source in sources} | {name for _, name in ENVIRONMENT_SOURCES} | {WEBHOOK_SECRET_ENV}
    for name in filter(None, names):
        yield from (environment.get(name), os.environ.get(name))
    for source in sources:
        query = urlencode(source.server.list_query)
        for url in (source.base_url, source.proxy or "", f"?{query}"):
            yield from find_credentials(url=url)


def _is_blank(path: Path) -> bool:
    """Whether the file holds only comments, as a new one does."""
    import tomllib

    try:
        return not tomllib.loads(read_file(path).decode("utf-8-sig"))
    except (OSError, ValueError):
        return False  # `config` explains it


def _read(path: Path) -> Settings:
    from catalog.config import read_file

    content = read_file(path)
    return Settings(
        content.sources,
        content.prices,
        content.prices_file,
        content.facets,
        sync_table=content.sync,
        download_table=content.download,
        trust_lists=content.trust.lists,
    )


def _read_environment(environment: Mapping[str, str]) -> dict[str, Source]:
    for url_name, key_name in ENVIRONMENT_SOURCES:
        if environment.get(url_name, "").strip():
            from catalog.config import read_environment

            source = read_environment(url_name, key_name, environment)
            return {source.name: source}
    return {}
