"""What the user thinks of videos: `rate verdict note`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from catalog.cli import render
from catalog.cli.bulk import (
    Refused,
    edit_videos,
    query_option,
    remark_on_query,
    show_edited,
    yes_option,
)
from catalog.cli.completion import complete_paths, complete_ratings, complete_refs, complete_verdicts
from catalog.cli.options import json_option, library_options, open_catalog, open_input
from catalog.cli.words import WordsCommand
from catalog.errors import CatalogError
from catalog.records import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.api import Catalog
    from catalog.records import Video

_SHOWN = 60  # characters of a note in a list
_READ = 1024 * 1024  # bytes of a file, which is far more than a note may have


class _Words(NamedTuple):
    """How to speak of an edit: what is asked, what was done, what was so already, and what has nothing now."""

    act: str
    done: str
    already: str
    none: str


@click.command(cls=WordsCommand)
@click.argument("refs_and_rating", nargs=-1, metavar="REF... 0-5", shell_complete=complete_ratings)
@query_option
@yes_option
@json_option
@library_options
def rate(refs_and_rating: tuple[str, ...], query: str | None, is_confirmed: bool, as_json: bool) -> None:
    """Rate videos from 1 to 5; 0 takes the rating off.

    The rating is the last word. `-` reads refs from standard input, one per line. Rates all of the videos or, when one
    is not found, none. `catalog search 'rating:>=4'` finds them.

    \b
      catalog rate studio:video_123 5
      catalog rate --query 'neon verdict:reject' 1
      catalog search neon --ids | catalog rate - 3
    """
    from catalog.organising import read_rating

    refs, rating = _split(refs_and_rating, query, "a rating from 0 to 5")
    _require(read_rating, rating)
    words = _Words("rate {}", "rated", "already rated so", "not rated")
    if int(rating) == 0:
        words = _Words("take the rating off {}", "without a rating", "already without", "not rated")
    _edit(lambda catalog: catalog.rate, refs, query, rating, _rating, words, is_confirmed, as_json)


@click.command(cls=WordsCommand)
@click.argument("refs_and_verdict", nargs=-1, metavar="REF... keep|reject|undecided", shell_complete=complete_verdicts)
@query_option
@yes_option
@json_option
@library_options
def verdict(refs_and_verdict: tuple[str, ...], query: str | None, is_confirmed: bool, as_json: bool) -> None:
    """Keep videos or reject them; undecided takes that back.

    The verdict is the last word. Nothing is deleted: it is what you think of a take, for searches and for what a kept
    second costs. `-` reads refs from standard input, one per line.

    \b
      catalog verdict studio:video_123 keep
      catalog verdict --query 'rating:1' reject
    """
    from catalog.organising import read_verdict

    refs, word = _split(refs_and_verdict, query, "a verdict: keep, reject or undecided")
    _require(read_verdict, word)
    words = _Words("judge {}", "judged", "already judged so", "undecided")
    _edit(lambda catalog: catalog.verdict, refs, query, word, _verdict, words, is_confirmed, as_json)


@click.command(cls=WordsCommand)
@click.argument("refs_and_text", nargs=-1, metavar="REF... TEXT", shell_complete=complete_refs)
@click.option(
    "--from",
    "path",
    metavar="FILE",
    shell_complete=complete_paths,
    help="Read the text from a file instead; `-` is standard input.",
)
@query_option
@yes_option
@json_option
@library_options
def note(
    refs_and_text: tuple[str, ...], path: str | None, query: str | None, is_confirmed: bool, as_json: bool
) -> None:
    """Write a note on videos.

    The text is the last word, so it needs quotation marks, or comes from a file of at most 64 KiB. It takes the place
    of the note that is there; an empty one takes that off. Its words are found by a search.

    \b
      catalog note studio:video_123 "hands go wrong at 3 s"
      catalog note studio:video_123 --from review.txt
      catalog note studio:video_123 ""
    """
    if path is None:
        refs, text = _split(refs_and_text, query, "a text")
    else:
        if path == "-" and "-" in refs_and_text:
            raise click.UsageError("standard input can hold refs or the text, not both")
        refs, text = list(refs_and_text), _read_text(path)
    words = _Words("write a note on {}", "noted", "already noted", "no note")
    if not text.strip():
        words = _Words("take the note off {}", "without a note", "already without", "no note")
    _edit(lambda catalog: catalog.note, refs, query, text, _note, words, is_confirmed, as_json)


def _edit(
    verb: Callable[[Catalog], Callable[..., Any]],
    refs: Sequence[str],
    query: str | None,
    value: str,
    describe: Callable[[Video], Iterable[str]],
    words: _Words,
    is_confirmed: bool,
    as_json: bool,
) -> None:
    """Do it to the videos, and show what they have now."""
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(verb(catalog), refs, query, value, act=words.act, is_confirmed=is_confirmed)
        if as_json:
            render.document(edited)
            return
        show_edited(catalog, edited, describe, done=words.done, already=words.already, none=words.none)


def _split(words: Sequence[str], query: str | None, what: str) -> tuple[list[str], str]:
    """The videos, and what is said of them, which is the last word."""
    if not words or (query is None and len(words) == 1):
        raise click.UsageError(f"name the videos, or give --query, and then {what}")
    return list(words[:-1]), words[-1]


def _require(read: Callable[[object], object], word: str) -> None:
    """Refuse a value that cannot be before anything is opened."""
    try:
        read(word)
    except CatalogError as error:
        raise Refused(render.plain(error)) from error


def _read_text(path: str) -> str:
    with open_input(path) as stream:
        content = stream.read(_READ + 1)
    if len(content) > _READ:
        raise CatalogError(f"a note is at most 64 KiB of text, and {path} has more than {_READ // 1024:,} KiB")
    try:
        return content.decode("utf-8-sig").rstrip("\n")
    except UnicodeDecodeError as error:
        raise CatalogError(f"cannot read {path} as text: it is not UTF-8") from error


def _rating(video: Video) -> Iterable[str]:
    return [f"rating {video.rating}"] if video.rating else []


def _verdict(video: Video) -> Iterable[str]:
    return [video.verdict] if video.verdict != UNDECIDED else []


def _note(video: Video) -> Iterable[str]:
    text = render.plain(video.note or "")
    return [text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"] if text else []
