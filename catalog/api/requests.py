"""Sending a take again: the request that would make it; nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.api.base import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.wire.drafts import RequestDraft
    from catalog.wire.retakes import Server


class Requests(Opened):
    """The requests that videos came of."""

    def request(self, ref: str, /, *, seed: int | str | None = None, **changes: Any) -> dict[str, Any]:
        """The body of the request that would make this take again, as JSON values.

            cat.request("studio:video_123", seed="new", seconds="8")

        `seed` is a number below 2**64, or `new` for one that is drawn. The further names are parameters to change; None
        takes one out. A file to upload is its path. Raises NotFound, and CatalogError for a change with which the
        server cannot take it; `draft_request` says what else is to be said of it.
        """
        from catalog.records import to_json

        body: dict[str, Any] = to_json(self.draft_request(ref, seed=seed, changes=changes).body)
        return body

    def draft_request(
        self, ref: str, /, *, seed: int | str | None = None, changes: Mapping[str, Any] | None = None
    ) -> RequestDraft:
        """The request that would make this take again: where it goes, its body, and what is to be said of it.

        See `request`. It holds no key, only the name of its variable.
        """
        from catalog.reading.requests import read_asked
        from catalog.wire.alterations import alter
        from catalog.wire.retakes import make_draft

        with self._database.read() as connection:
            asked = read_asked(connection, ref)
        server = self._find_server(asked.video.source, asked.base_url, asked.dialect)
        draft = make_draft(
            asked.video,
            server,
            asked.line,
            negative_prompt=asked.negative_prompt,
            parent=asked.parent,
            cuts=asked.cuts,
        )
        return alter(draft, seed, changes or {})

    def _find_server(self, source: str, base_url: str | None, dialect: str | None) -> Server:
        """Where requests to a source go; to one that is not configured, where the variables of OpenAI's SDK say."""
        from catalog.redaction import redact_text
        from catalog.wire.dialects import find_dialect
        from catalog.wire.drafts import KEY_ENV, OPENAI_URL
        from catalog.wire.retakes import Server

        known = self.settings.sources.get(source)
        if known is not None:
            return Server(known.server, redact_text(known.base_url), known.key_env)
        return Server(
            find_dialect(dialect or "openai"),
            base_url or OPENAI_URL,
            KEY_ENV,
            is_configured=False,
            is_known=dialect is not None,
        )
