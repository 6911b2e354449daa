"""A law: what SQL answers is what a naive reading of the rows answers, for any query."""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import store
from catalog.facets import inherit_due
from catalog.reading.videos import read_videos
from catalog.search.page import count_facets
from tests.search.conftest import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.search.conftest import Library

WORDS = ("neon", "street", "rain", "close-up", "dancer", "dance", "red", "car")
RUNS = ("东京", "东京塔", "雨夜的街道")
MODELS = ("sora-2", "Sora-2", "sora-2-pro", "wan 2.2", None)
STATUSES = ("completed", "failed", "queued")
SECONDS = (4.0, 8.0, 8.4, 12.0, None)
DAYS = ("2026-09-30", "2026-10-01", "2026-10-05", "2026-11-02", None)
TAGS = ("keeper", "campaign=launch", "campaign=two words")
FACETS = {
    "camera_movement": ("push_in", "pan", "pan_left", "whip_pan", "dolly", "Push In"),
    "lens": ("35mm", "wide_angle"),
    "subject": ("red fox", "fox", "foxglove", "a man, walking", "红狐"),
    "brand": ("acme", "pan-am"),
}
NARROWER = {"pan": ("pan_left", "whip_pan"), "dolly": ("push_in", "pushin")}
Row = dict[str, Any]
Test = tuple[str, "Callable[[Row], bool]"]  # a clause as text, and what it means


def make_rows() -> list[Row]:
    chance = random.Random(7)
    rows = []
    for number in range(80):
        prompt = " ".join(chance.choices(WORDS + RUNS, k=chance.randint(0, 5)))
        parent = f"v{chance.randrange(number)}" if number and chance.random() < 0.4 else None
        prompt = f"same {prompt}" if parent else prompt
        day = chance.choice(DAYS)
        tags = {tag.partition("=")[0]: tag for tag in chance.sample(TAGS, chance.randint(0, 2))}
        rows.append(
            {
                "remote_id": f"v{number}",
                "parent": parent,
                "prompt": prompt or None,
                "model": chance.choice(MODELS),
                "status": chance.choice(STATUSES),
                "seconds": chance.choice(SECONDS),
                "created_at": day and f"{day}T{number % 24:02}:30:00.000Z",
                "error_message": chance.choice((None, "red light", "car refused")),
                "tags": tuple(sorted(tags.values())),
                "facets": {
                    name: chance.sample(values, chance.randint(0, 2))
                    for name, values in FACETS.items()
                    if chance.random() < 0.5
                },
                "deleted_at": "2026-11-30T00:00:00.000Z" if number % 9 == 0 else None,
            }
        )
    return rows


ROWS = make_rows()


@pytest.fixture(scope="module")
def rows_library(make_library: Callable[[], Library]) -> Any:
    library = make_library()
    library.add_all(*ROWS)
    inherit_due(library.database)
    with library.database.read() as connection:
        ids = store.find_ids(connection, SOURCE, [row["remote_id"] for row in ROWS])
        videos = read_videos(connection, ids.values())
    for row in ROWS:
        effective = {name: set(values) for name, values in row["facets"].items()}
        for facet in videos[ids[row["remote_id"]]].inherited:
            effective.setdefault(facet.name, set()).add(facet.value)
        row["effective"] = effective
    assert any(row["effective"] != {name: set(values) for name, values in row["facets"].items()} for row in ROWS)
    yield library
    library.database.close()


def tokens(text: str | None) -> list[str]:
    return re.findall(r"\w+", (text or "").lower().replace("_", " "))


def has_phrase(row: Row, text: str, *, is_prefix: bool = False, columns: tuple[str, ...] = ()) -> bool:
    wanted = tokens(text)
    for column in columns or ("prompt", "error_message", "labels"):
        words = tokens(", ".join(row["tags"]) if column == "labels" else row[column])
        for start in range(len(words) - len(wanted) + 1):
            part = words[start : start + len(wanted)]
            if part[:-1] == wanted[:-1] and (part[-1].startswith(wanted[-1]) if is_prefix else part[-1] == wanted[-1]):
                return True
    return False


def word(text: str) -> Test:
    return text, lambda row: has_phrase(row, text)


def phrase(texts: list[str]) -> Test:
    text = " ".join(texts)
    return f'"{text}"', lambda row: has_phrase(row, text)


def prefix(text: str, length: int) -> Test:
    return f"{text[:length]}*", lambda row: has_phrase(row, text[:length], is_prefix=True)


def run(text: str, start: int, end: int) -> Test:
    part = text[start : start + end] or text
    return part, lambda row: part in (row["prompt"] or "")


def in_column(column: str, text: str) -> Test:
    return f"{column}:{text}", lambda row: has_phrase(row, text, columns=(column,))


def model(name: str) -> Test:
    return f'model:"{name}"', lambda row: (row["model"] or "").lower() == name.lower()


def model_prefix(name: str) -> Test:
    return f"model:{name}*", lambda row: (row["model"] or "").lower().startswith(name)


def status(names: list[str]) -> Test:
    return f"status:{','.join(names)}", lambda row: row["status"] in names


def seconds(operator: str, value: float) -> Test:
    compare = {">": float.__gt__, ">=": float.__ge__, "<": float.__lt__, "<=": float.__le__, "": float.__eq__}[operator]
    return f"seconds:{operator}{value:g}", lambda row: row["seconds"] is not None and compare(row["seconds"], value)


def seconds_between(low: float, high: float) -> Test:
    return f"seconds:{low:g}..{high:g}", lambda row: row["seconds"] is not None and low <= row["seconds"] <= high


def created(operator: str, day: str, length: int) -> Test:
    date = day[:length]

    def test(row: Row) -> bool:
        there = (row["created_at"] or "")[:length]
        meaning = {"": there == date, ">": there > date, ">=": there >= date, "<": there < date, "<=": there <= date}
        return bool(there) and meaning[operator]

    return f"created:{operator}{date}", test


def tag(text: str) -> Test:
    return f'tag:"{text}"', lambda row: any(text in {one, one.partition("=")[0]} for one in row["tags"])


def fold(text: str) -> str:
    return re.sub("[ _-]", "", text).lower()


def facets_of(row: Row, name: str) -> Collection[str]:
    """What the prompt of the row asks for, behind `effective.` with what the row inherits."""
    values: Collection[str] = (row["effective"] if "." in name else row["facets"]).get(name.rpartition(".")[2], ())
    return values


def facet(name: str, values: list[str], written: str) -> Test:
    wanted = {fold(one) for value in values for one in (value, *NARROWER.get(value, ()))}
    text = ",".join(re.sub("[ _-]", written, value) for value in values)
    text = f'"{text}"' if written == " " and len(values) == 1 else text.replace(" ", "_")
    return f"{name}:{text}", lambda row: any(fold(one) in wanted for one in facets_of(row, name))


def facet_prefix(name: str, value: str, length: int) -> Test:
    begins = fold(value[:length])
    return f'{name}:"{value[:length]}"*', lambda row: any(fold(one).startswith(begins) for one in facets_of(row, name))


def subject(text: str, is_prefix: bool, name: str) -> Test:
    pattern = re.compile(rf"\b{text}" + ("" if is_prefix else r"\b"))
    clause = f'{name}:"{text}"{"*" * is_prefix}'
    return clause, lambda row: any(pattern.search(one.replace(",", "")) for one in facets_of(row, name))


def has_facet(name: str, is_star: bool) -> Test:
    return f"{name}:*" if is_star else f"has:{name}", lambda row: bool(facets_of(row, name))


def lacks_facet(name: str) -> Test:
    return f"missing:{name}", lambda row: not facets_of(row, name)


def has(name: str) -> Test:
    column = {"tag": "tags", "created": "created_at"}.get(name, name)
    return f"has:{name}", lambda row: bool(row[column])


def one_of(name: str) -> st.SearchStrategy[str]:
    """The name of a facet, or the one that inherited values count for too."""
    return st.sampled_from([name, f"effective.{name}"])


OPERATORS = st.sampled_from(["", ">", ">=", "<", "<="])
NUMBERS = st.sampled_from([4.0, 8.0, 8.2, 12.0, 99.0])
A_WORD = st.sampled_from(WORDS)
JOINTS = st.sampled_from([" ", "-", "_", ""])
CONTROLLED = ("camera_movement", "lens", "brand")
EFFECTIVE = tuple(f"effective.{name}" for name in (*FACETS, "mood"))
NAMED = st.sampled_from([*FACETS, "mood", *EFFECTIVE])
CLAUSES = st.one_of(
    st.builds(word, A_WORD),
    st.builds(phrase, st.lists(A_WORD, min_size=1, max_size=3)),
    st.builds(prefix, A_WORD, st.integers(1, 4)),
    st.builds(run, st.sampled_from(RUNS), st.integers(0, 3), st.integers(1, 4)),
    st.builds(in_column, st.sampled_from(["prompt", "error_message"]), A_WORD),
    st.builds(model, st.sampled_from([name for name in MODELS if name])),
    st.builds(model_prefix, st.sampled_from(["sora", "wan", "sora-2-", "x"])),
    st.builds(status, st.lists(st.sampled_from(STATUSES), min_size=1, max_size=2)),
    st.builds(seconds, OPERATORS, NUMBERS),
    st.builds(seconds_between, NUMBERS, NUMBERS),
    st.builds(created, OPERATORS, st.sampled_from([day for day in DAYS if day]), st.sampled_from([4, 7, 10])),
    st.builds(tag, st.sampled_from([*TAGS, "campaign"])),
    *(
        st.builds(facet, one_of(name), st.lists(st.sampled_from(FACETS[name]), min_size=1, max_size=2), JOINTS)
        for name in CONTROLLED
    ),
    *(st.builds(facet_prefix, one_of(name), st.sampled_from(FACETS[name]), st.integers(1, 8)) for name in CONTROLLED),
    st.builds(
        subject,
        st.sampled_from(["fox", "red", "red fox", "man walking", "walk", "glove"]),
        st.booleans(),
        one_of("subject"),
    ),
    st.builds(has_facet, NAMED, st.booleans()),
    st.builds(lacks_facet, NAMED),
    st.builds(has, st.sampled_from(["prompt", "model", "seconds", "created", "tag"])),
)
QUERIES = st.lists(st.tuples(st.booleans(), CLAUSES), max_size=4)


def all_of(parts: list[Test]) -> Test:
    return f"({' '.join(text for text, _ in parts)})", lambda row: all(test(row) for _, test in parts)


def any_of(parts: list[Test]) -> Test:
    return f"({' OR '.join(text for text, _ in parts)})", lambda row: any(test(row) for _, test in parts)


def none_of(part: Test) -> Test:
    return f"-{part[0]}", lambda row: not part[1](row)


def grow(parts: st.SearchStrategy[Test]) -> st.SearchStrategy[Test]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(st.builds(all_of, several), st.builds(any_of, several), st.builds(none_of, parts.filter(is_plain)))


def is_plain(part: Test) -> bool:
    return not part[0].startswith("-")  # two of them in a row are one


TREES = st.recursive(CLAUSES, grow, max_leaves=8)


def read(query: list[tuple[bool, Test]]) -> tuple[str, list[Row]]:
    """The query as text, and the rows it means."""
    text = " ".join(f"{'-' * is_negated}{clause}" for is_negated, (clause, _) in query)
    meant = [row for row in ROWS if all(test(row) != is_negated for is_negated, (_, test) in query)]
    return text, [row for row in meant if row["deleted_at"] is None]


@settings(deadline=None, max_examples=300)
@given(query=QUERIES, sort=st.sampled_from([None, "relevance", "seconds", "-created_at"]))
def test_search_finds_what_the_rows_say(rows_library: Library, query: list, sort: str | None) -> None:
    text, meant = read(query)
    assert sorted(rows_library.find(text, sort=sort)) == sorted(row["remote_id"] for row in meant)


@settings(deadline=None, max_examples=300)
@given(tree=TREES, sort=st.sampled_from([None, "seconds"]))
def test_a_tree_finds_what_the_rows_say(rows_library: Library, tree: Test, sort: str | None) -> None:
    text, test = tree
    meant = sorted(row["remote_id"] for row in ROWS if test(row) and row["deleted_at"] is None)
    assert sorted(rows_library.find(text, sort=sort)) == meant


@settings(deadline=None, max_examples=100)
@given(query=QUERIES)
def test_facets_count_what_the_rows_say(rows_library: Library, query: list) -> None:
    text, meant = read(query)
    with rows_library.database.read() as connection:
        counts = count_facets(connection, ["status", "model", "tag", *FACETS, *EFFECTIVE], text)
    found = {name: {one.value: one.count for one in values} for name, values in counts.items()}
    assert found["status"] == Counter(row["status"] for row in meant)
    assert found["model"] == Counter(row["model"] for row in meant)
    assert found["tag"] == Counter(one for row in meant for one in row["tags"])
    for name in (*FACETS, *EFFECTIVE):
        assert found[name] == Counter(one for row in meant for one in facets_of(row, name))
