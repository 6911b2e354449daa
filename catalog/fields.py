"""The facts of a job's fields, written once: TABLE has a row for every column of `videos`.

The fold, rows, search, requests, sheets and sidecars take their lists from it, and the parser its paths. It knows
neither SQL nor how to read a value. Some things are written out again, for their types or to be read without this
package (`records.Video`, `wire.answers.ParsedVideo`, `wire.requests.ParsedRequest`, `tables.Videos` and
`datasette-metadata.json`); tests hold them to this table.

A new scalar column opens six files: its row here, `records`, `wire/answers`, `tables`, a migration (with the number
of the schema below) and `datasette-metadata.json`. `wire/fields` is the seventh where the type of a field does not
say how to read it, or several readers are needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

SCHEMA_VERSION = "0017"  # the number of the newest migration, which makes these columns

Fold = Literal["latest", "earliest", "highest", "merged", "own"]
Kind = Literal["text", "name", "own_id", "words", "passage", "number", "time", "seed", "parameter"]


class Ask(NamedTuple):
    """How a field is asked for: the kind of comparison (see `search.fields`) and its other names in a query.

    `counted` makes it a facet to count by; with `counts_missing` the counts also show how many videos lack a value.
    """

    kind: Kind
    aliases: tuple[str, ...] = ()
    counted: bool = False
    counts_missing: bool = False


class Column(NamedTuple):
    """One column of `videos`.

    `words` describe it to a person, in Datasette. `fold` says which of several answers counts: the `latest` that has a
    value, the `earliest`, the `highest`, all `merged`, a rule of its `own`, or None where answers do not decide. `ask`
    is None for a column that queries cannot name. `wire` lists the keys where servers put it, in the order they are
    tried, the key of the reference format first: a key, in snake case, on any level of a job; `a.b` there exactly.
    `headings` are other titles of the column in a table to import, where they can mean nothing else. `requested` marks
    what a request says as well as an answer. `recorded` columns are fields of a Video.
    """

    name: str
    type: type
    words: str
    fold: Fold | None = None
    ask: Ask | None = None
    wire: str = ""
    headings: tuple[str, ...] = ()
    requested: bool = False
    recorded: bool = True

    @property
    def key(self) -> str | None:
        """Its path in the reference format; None where servers do not send it."""
        return self.wire.partition(" ")[0] or None


TABLE = (
    Column("id", int, "The row's number", recorded=False),
    Column("source", str, "The account it belongs to", ask=Ask("text", counted=True)),
    Column(
        "remote_id",
        str,
        "Its id on the server",
        ask=Ask("own_id"),
        wire="id",
        headings=("id", "video_id", "task_id"),
    ),
    Column("ref", str, "source:remote_id, its name everywhere in the catalog", ask=Ask("name"), recorded=False),
    Column("kind", str, "video or image", "own", Ask("text", counted=True), "object"),
    Column(
        "status",
        str,
        "queued, in_progress, completed, failed, cancelled, expired, deleted or unknown",
        "own",
        Ask("text", counted=True),
        "status",
    ),
    Column("provider_status", str, "The status in the server's own words", "own", Ask("text", counted=True), "status"),
    Column("progress", float, "Percent", "highest", Ask("number"), "progress"),
    Column(
        "model",
        str,
        "The model that made it",
        "latest",
        Ask("text", counted=True, counts_missing=True),
        "model model_name",
        requested=True,
    ),
    Column(
        "prompt",
        str,
        "What was asked for",
        "latest",
        Ask("words"),
        "prompt orig_prompt prompt_text text_prompt",
        requested=True,
    ),
    Column(
        "negative_prompt",
        str,
        "What to leave out, as sent beside the prompt",
        "latest",
        Ask("passage", ("negative",)),
        "negative_prompt",
        requested=True,
    ),
    Column(
        "seconds",
        float,
        "Length, in seconds",
        "latest",
        Ask("number", ("duration",), counted=True, counts_missing=True),
        "seconds duration duration_s duration_seconds n_seconds video_duration usage.video_duration "
        "usage.output_video_duration",
        headings=("duration",),
        requested=True,
    ),
    Column("width", int, "Pixels", "latest", Ask("number"), "width", requested=True),
    Column("height", int, "Pixels", "latest", Ask("number"), "height", requested=True),
    Column(
        "size_text",
        str,
        "The size in the server's words, where it is not a width and height",
        "latest",
        None,  # `size` is asked for, which is also the width and the height
        "size",
        requested=True,
    ),
    Column(
        "quality",
        str,
        "The quality asked for, in the server's words",
        "latest",
        Ask("text", counted=True),
        "quality",
        requested=True,
    ),
    Column(
        "tier",
        str,
        "The tier it is billed at, in the server's words",
        "latest",
        Ask("text", counted=True),
        "tier",
        requested=True,
    ),
    Column(
        "created_at",
        datetime,
        "When the job was created, UTC",
        "earliest",
        Ask("time", ("created",)),
        "created_at created submit_time create_time created_time posted_at",
        headings=("created",),
    ),
    Column(
        "completed_at",
        datetime,
        "When it ended, UTC",
        "latest",
        Ask("time", ("completed",)),
        "completed_at completed finish_time finished_at complete_time end_time ended_at",
        headings=("completed",),
    ),
    Column(
        "expires_at",
        datetime,
        "When the server's addresses expire, UTC",
        "latest",
        Ask("time", ("expires",)),
        "expires_at expire_at",
        headings=("expires",),
    ),
    Column("error_code", str, "Why it failed, in one word", "latest", Ask("text", counted=True), "error.code"),
    Column(
        "error_message",
        str,
        "Why it failed, in the server's words",
        "latest",
        Ask("words", ("error",)),
        "error.message",
    ),
    Column(
        "remixed_from_id",
        str,
        "The id of the video it was remixed from",
        "latest",
        Ask("text", ("remixed_from",)),
        "remixed_from_video_id parent_post_id",
        headings=("remixed_from_video_id",),
    ),
    Column(
        "output_urls",
        list,
        "Where the server offers the result, without signatures; a JSON list",
        "latest",
        Ask("passage", ("url",)),
        "output_url",
        headings=("url", "output_url"),
    ),
    Column(
        "cost_usd",
        float,
        "Cost in US dollars, empty where unknown",
        "latest",
        Ask("number", ("cost",)),
        "cost outputs.cost usage.cost usage.provider_reported_cost_usd",
    ),
    Column(
        "cost_basis",
        str,
        "How the cost is known: reported, estimated or unknown",
        "own",
        Ask("text", counted=True),
    ),
    Column(
        "seed",
        str,
        "What the generation started from; text, so that 64 bits are exact",
        "latest",
        Ask("seed"),
        "seed metadata.seed",
        requested=True,
    ),
    Column(
        "parameters",
        dict,
        "How it was generated, as asked for: guidance, steps, frames a second; a flat JSON object",
        "merged",
        Ask("parameter", ("param",)),
        "parameters",
        requested=True,
    ),
    Column(
        "batch_custom_id",
        str,
        "Its name in the batch that requested it",
        "own",
        Ask("text", ("custom_id",)),
        "custom_id",
    ),
    Column(
        "metadata", dict, "The user's own map, as the server returned it; JSON", "merged", Ask("passage"), "metadata"
    ),
    Column("extra", dict, "Everything else the server said; JSON", "merged", Ask("passage")),
    Column("flaws", list, "Which parts of the answers could not be read or are kept cut, in words; a JSON list", "own"),
    Column("first_seen_at", datetime, "When the library first heard of it, UTC", "own", Ask("time", ("first_seen",))),
    Column("last_seen_at", datetime, "When the library last heard of it, UTC", "own", Ask("time", ("last_seen",))),
    Column("gone_at", datetime, "When the server last answered that it is gone, UTC", "own", Ask("time", ("gone",))),
    Column(
        "deleted_at",
        datetime,
        "When it was deleted from the library, UTC; nothing is deleted at the server",
        ask=Ask("time", ("deleted",)),
    ),
    Column("labels", str, "Tags and names, as indexed for search; derived", recorded=False),
    Column(
        "grams",
        str,
        "What search indexes besides the words of the prompt: text without spaces in pieces, folded words; derived",
        recorded=False,
    ),
    Column(
        "error_grams",
        str,
        "What search indexes besides the words of the error message; derived",
        recorded=False,
    ),
    Column("avoided", str, "What the prompt itself asks to leave out; derived", recorded=False),
    Column(
        "extracted_by",
        str,
        "The vocabulary that its prompt was read with, empty until it is read",
        recorded=False,
    ),
)

OPEN_FACETS = ("subject", "action", "setting", "dialogue")  # of prompts: their values are phrases, without end

REQUESTED = tuple(column.name for column in TABLE if column.requested)
