"""The verbs that answer with numbers: of all videos, or of those that match a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.api.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.choice_reports import PromptUse
    from catalog.cost_reports import Costs
    from catalog.insight_reports import Insight
    from catalog.records import PromptsRead
    from catalog.reports import Stats


class Numbers(Answers):
    """What a library sums up."""

    def stats(self) -> Stats:
        """The library in numbers."""
        from catalog.reading.statistics import read_stats

        with self._database.read() as connection:
            return read_stats(connection, datetime.now(UTC))

    def count_prompts(self) -> PromptsRead:
        """How many prompts there are, and how many of them have been read for their facets."""
        from catalog.reading.prompts import count_prompts

        with self._database.read() as connection:
            return count_prompts(connection)

    def prompts(self, query: str = "") -> list[PromptUse]:
        """How often each prompt was used, how many of its takes are kept, and what they cost; raises QueryError.

        A row for each stack among the videos that match: the most used first, then the most kept, then the dearest.
        """
        from catalog.reading.stacks import list_prompts

        with self._database.read() as connection:
            if not query:
                return list_prompts(connection)
            from catalog.search.matches import list_matches

            return list_prompts(connection, list_matches(connection, query, sort="-created_at"))

    def costs(
        self,
        by: Iterable[str] = ("model", "project", "month"),
        *,
        tag: str = "project",
        query: str | None = None,
    ) -> Costs:
        """What the videos cost, in total and grouped by each of: model, project, month, source, status, tier, stack.

        Of all videos, or of those that match the query. A video's project is the value of its tag `tag`. Raises
        QueryError for any other grouping, and ConfigError where the configured prices cannot be read.
        """
        from catalog.reading.costs import are_in_force, read_costs

        prices, payers = self.settings.load_prices(), self.settings.payers
        with self._database.read() as connection:
            has_changed = not are_in_force(connection, prices, payers)
            if query is None:
                return read_costs(connection, by, tag, prices_changed=has_changed)
            from catalog.search.matches import list_matches

            among, notes = list_matches(connection, query), self.search(query, limit=0).notes
            return read_costs(connection, by, tag, among=among, prices_changed=has_changed, notes=notes)

    def insight(
        self,
        query: str = "",
        *,
        facet: str = "camera_movement",
        rows: str = "camera_movement",
        columns: str = "model",
        grouping: str = "model",
        year: int | None = None,
    ) -> Insight:
        """What of the videos that match waits, fails, takes long and costs, what is covered, and when it was made.

        Failures are also shown by the values of `facet`, coverage is `rows` against `columns`, costs are by month and
        by one `grouping` of: model, stack, source, tier, status. Days are those of a `year`, by default the last that
        has any. Every number comes with the query that finds its videos. Raises QueryError.
        """
        from catalog.search.insight import Asked, read_insight

        with self._database.read() as connection:
            return read_insight(connection, query, Asked(facet, rows, columns, grouping, year))
