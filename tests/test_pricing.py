"""What a job costs: the package's own table, a user's prices, and everything that is not known."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError
from catalog.prices import load_prices, read_price
from catalog.pricing import estimate, explain_unknown, find_price, provider_of, tier_of
from catalog.records import Video

TABLE = load_prices()
VIDEO = Video(
    "studio",
    "video_1",
    status="completed",
    model="sora-2",
    seconds=8.0,
    width=1280,
    height=720,
    created_at=datetime(2026, 4, 1, 12, tzinfo=UTC),
)
PRO = replace(VIDEO, model="sora-2-pro")


def user(**row):
    return read_price({"source": "openai", "model": "sora-2", "usd_per_second": 0.5} | row)


@pytest.mark.parametrize(
    ("model", "width", "height", "usd"),
    [
        ("sora-2", 1280, 720, 0.8),
        ("sora-2", 720, 1280, 0.8),
        ("sora-2-pro", 1280, 720, 2.4),
        ("sora-2-pro", 1024, 1792, 4.0),
        ("sora-2-pro", 1920, 1080, 5.6),
    ],
)
def test_the_historical_prices_of_openai_apply(model, width, height, usd):
    assert estimate(replace(VIDEO, model=model, width=width, height=height), TABLE, "openai") == usd


def test_a_dated_model_has_the_price_of_the_longest_name_that_begins_it():
    assert estimate(replace(VIDEO, model="sora-2-2025-12-08"), TABLE, "openai") == 0.8
    assert estimate(replace(VIDEO, model="sora-2-pro-2025-10-06"), TABLE, "openai") == 2.4


def test_a_name_begins_another_only_at_the_end_of_a_word():
    assert estimate(replace(VIDEO, model="sora-20"), TABLE, "openai") is None
    assert estimate(replace(VIDEO, model="sora-2.1"), [user()], "openai") == 4.0


def test_a_model_may_carry_its_provider_and_any_case():
    assert estimate(replace(VIDEO, model="openai/SORA-2"), TABLE, "openai") == 0.8


def test_a_longer_name_without_a_fitting_row_is_unknown_and_not_the_shorter_ones_price():
    assert estimate(replace(PRO, width=None, height=None), TABLE, "openai") is None
    assert estimate(replace(PRO, width=640, height=480), TABLE, "openai") is None


def test_a_tier_without_a_row_has_the_base_price():
    assert estimate(replace(VIDEO, width=640, height=480), TABLE, "openai") == 0.8


def test_half_the_price_in_a_batch_of_openai():
    assert estimate(replace(PRO, batch_custom_id="shot-1"), TABLE, "openai") == 1.2


def test_no_discount_where_none_is_documented():
    video = replace(VIDEO, batch_custom_id="shot-1", created_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert estimate(video, TABLE, "azure") == 0.8


@pytest.mark.parametrize(
    ("day", "usd"),
    [
        (datetime(2025, 10, 5, 23, 59, tzinfo=UTC), None),
        (datetime(2025, 10, 6, tzinfo=UTC), 0.8),
        (datetime(2026, 9, 24, 23, 59, tzinfo=UTC), 0.8),
        (datetime(2026, 9, 25, tzinfo=UTC), None),
    ],
)
def test_the_price_of_the_day_of_creation_counts_first_and_last_day_included(day, usd):
    assert estimate(replace(VIDEO, created_at=day), TABLE, "openai") == usd


def test_a_tier_is_unknown_before_its_first_day():
    video = replace(PRO, width=1920, height=1080, created_at=datetime(2026, 3, 11, tzinfo=UTC))
    assert estimate(video, TABLE, "openai") is None


def test_a_job_of_an_unknown_day_has_the_price_only_where_there_was_one():
    undated = replace(VIDEO, created_at=None)
    assert estimate(undated, TABLE, "openai") == 0.8
    moved = [user(valid_to="2026-01-31"), user(valid_from="2026-02-01", usd_per_second=0.6)]
    assert estimate(undated, moved, "openai") is None


def test_of_two_prices_on_one_day_the_later_one_counts():
    prices = [user(), user(valid_from="2026-02-01", usd_per_second=0.6)]
    assert estimate(VIDEO, prices, "openai") == 4.8


@pytest.mark.parametrize(
    "change",
    [
        {"model": None},
        {"model": "nobody-knows"},
        {"seconds": None},
        {"seconds": 0.0},
        {"seconds": -4.0},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"kind": "image"},
        {"status": "failed"},
        {"status": "cancelled"},
        {"status": "expired"},
    ],
)
def test_what_is_not_known_has_no_number(change):
    assert estimate(replace(VIDEO, **change), TABLE, "openai") is None


@pytest.mark.parametrize("provider", [None, "", "nobody", "OPENAI2"])
def test_an_unknown_provider_has_no_prices(provider):
    assert estimate(VIDEO, TABLE, provider) is None


def test_the_same_model_costs_what_its_own_reseller_asks():
    fal = replace(VIDEO, model="bytedance/seedance-2.0/text-to-video", seconds=1.0)
    runway = replace(VIDEO, model="seedance2", seconds=1.0)
    assert (estimate(fal, TABLE, "fal_ai"), estimate(runway, TABLE, "runwayml")) == (0.3034, 0.36)
    assert estimate(runway, TABLE, "fal_ai") is None


def test_amounts_are_rounded_to_millionths_without_the_noise_of_floats():
    video = replace(VIDEO, seconds=5.06, model="wan3.0-video")
    assert estimate(video, TABLE, "dashscope") == 0.417516


def test_a_source_pays_by_its_setting_else_by_its_dialect():
    assert provider_of("litellm", "fal_ai") == "fal_ai"
    assert provider_of("openai") == "openai"
    assert provider_of(None) is None


def test_a_price_of_the_user_beats_the_table():
    assert estimate(VIDEO, [*TABLE, user()], "openai") == 4.0
    assert estimate(VIDEO, [user(), *TABLE], "openai") == 4.0


def test_a_price_of_the_user_for_a_short_name_leaves_the_longer_one_alone():
    assert estimate(PRO, [user(), *TABLE], "openai") == 2.4


def test_a_price_of_the_user_that_does_not_apply_leaves_the_table():
    assert estimate(VIDEO, [user(valid_to="2025-12-31"), *TABLE], "openai") == 0.8
    assert estimate(VIDEO, [user(tier="1080p"), *TABLE], "openai") == 0.8


def test_a_price_under_the_name_of_a_source_comes_first():
    prices = [*TABLE, user(), user(source="studio", usd_per_second=1)]
    assert estimate(VIDEO, prices, "openai", source="studio") == 8.0
    assert estimate(VIDEO, prices, "openai", source="other") == 4.0


def test_the_name_of_a_source_is_no_provider():
    assert estimate(VIDEO, TABLE, "litellm", source="openai") is None


def test_a_free_server_costs_nothing():
    assert estimate(VIDEO, [user(usd_per_second=0)], "openai") == 0.0


@pytest.mark.parametrize(
    ("change", "tier"),
    [
        ({}, "720p"),
        ({"width": 2560, "height": 1440}, "2k"),
        ({"width": 2160, "height": 3840}, "4k"),
        ({"width": 1024, "height": 1808}, "1024p"),
        ({"width": None, "tier": "1080P"}, "1080p"),
        ({"width": None, "tier": "4K"}, "4k"),
        ({"width": None, "size_text": "480p"}, "480p"),
        ({"width": None, "size_text": "1440p"}, "2k"),
        ({"width": None, "tier": "pro", "size_text": "large"}, None),
        ({"width": None, "tier": "base"}, None),
    ],
)
def test_the_tier_is_the_short_side_of_the_frame(change, tier):
    assert tier_of(replace(VIDEO, **change)) == tier


def test_the_table_tells_the_facts_of_the_reference_table(shared):
    with (shared / "prices.csv").open(newline="") as lines:
        facts = {tuple(row.values()) for row in csv.DictReader(lines)}
    told = {
        (
            price.source,
            price.model,
            price.tier,
            str(price.usd_per_second),
            str(price.valid_from or ""),
            str(price.valid_to or ""),
            price.reference or "",
        )
        for price in TABLE
    }
    assert told == facts
    assert len(told) == len(TABLE)


def test_every_row_of_the_table_applies_to_its_own_job():
    heights = {"2k": 1440, "4k": 2160, "base": 97}
    for price in TABLE:
        day = price.valid_to or price.valid_from or date(2026, 6, 1)
        side = heights.get(price.tier) or int(price.tier[:-1])
        made = datetime(day.year, day.month, day.day, tzinfo=UTC)
        video = replace(VIDEO, model=price.model, width=side, height=9999, created_at=made)
        assert find_price(video, TABLE, price.source) == price


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": ""}, "source is missing"),
        ({"model": None}, "model is missing"),
        ({"model": 5}, "model must be text"),
        ({"usd_per_second": None}, "usd_per_second must be"),
        ({"usd_per_second": "free"}, "usd_per_second must be"),
        ({"usd_per_second": -1}, "usd_per_second must be"),
        ({"usd_per_second": float("nan")}, "usd_per_second must be"),
        ({"usd_per_second": True}, "usd_per_second must be"),
        ({"tier": "huge"}, "tier must be base, .*, not 'huge'"),
        ({"valid_from": "soon"}, "valid_from must be a day"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "lies before"),
        ({"price": 1}, "price is not a column"),
    ],
)
def test_a_bad_price_of_the_user_says_what_is_wrong(change, said):
    with pytest.raises(ConfigError, match=said):
        user(**change)


def test_a_price_of_the_user_takes_the_dates_of_toml():
    price = user(valid_from=date(2026, 1, 1), valid_to=datetime(2026, 2, 1, 8, tzinfo=UTC), tier="1440p")
    assert (price.valid_from, price.valid_to, price.tier) == (date(2026, 1, 1), date(2026, 2, 1), "2k")
    assert price.origin == "user"


def test_a_csv_of_the_user_may_have_remarks_and_leave_columns_out(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("\ufeff# ours\nmodel,source,usd_per_second\nsora-2,openai,0.05\n", encoding="utf-8")
    (price,) = load_prices(path)
    assert (price.model, price.tier, price.usd_per_second, price.origin) == ("sora-2", "base", Decimal("0.05"), "user")


def test_a_bad_line_of_a_csv_is_named(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("# ours\nsource,model,usd_per_second\nopenai,sora-2,0.1\nopenai,sora-2-pro,dear\n")
    with pytest.raises(ConfigError, match="line 4") as caught:
        load_prices(path)
    assert (caught.value.path, caught.value.line) == (str(path), 4)


@pytest.mark.parametrize(
    "text", ["", "# only a remark\n", "a,b\n1,2\n", "source,model,usd_per_second\nx,y,1,too many\n"]
)
def test_a_csv_without_prices_is_refused(tmp_path, text):
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_prices(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the prices"):
        load_prices(tmp_path / "none.csv")


def test_a_copy_of_litellms_table_is_read(tmp_path):
    path = tmp_path / "model_prices.json"
    entry = {"mode": "video_generation", "litellm_provider": "vertex_ai-video-models", "source": "https://x.example"}
    table = {
        "sample_spec": {"mode": "one of chat, embedding"},
        "vertex_ai/veo-9": entry | {"output_cost_per_second": 0.1, "output_cost_per_second_4k": 0.3},
        "veo-8": entry | {"output_cost_per_video_per_second": 0.2, "deprecation_date": "2026-06-30"},
        "veo-7": entry | {"output_cost_per_second": None, "output_cost_per_second_720p": "dear"},
        "veo-6": entry | {"output_cost_per_second": 0.0, "output_cost_per_second_720p": 0},
        "gpt": {"mode": "chat", "litellm_provider": "openai", "output_cost_per_second": 0.1},
    }
    path.write_text(json.dumps(table))
    told = {(price.source, price.model, price.tier): price for price in load_prices(path)}
    assert {key: str(price.usd_per_second) for key, price in told.items()} == {
        ("vertex_ai", "veo-9", "base"): "0.1",
        ("vertex_ai", "veo-9", "4k"): "0.3",
        ("vertex_ai", "veo-8", "base"): "0.2",
    }
    assert told["vertex_ai", "veo-8", "base"].valid_to == date(2026, 6, 30)
    assert told["vertex_ai", "veo-9", "4k"].reference == "https://x.example"


def test_a_public_table_does_not_hide_a_tier_it_lacks(tmp_path):
    path = tmp_path / "model_prices.json"
    entry = {"mode": "video_generation", "litellm_provider": "openai", "output_cost_per_second": 0.3}
    path.write_text(json.dumps({"openai/sora-2-pro": entry}))
    video = replace(PRO, width=1920, height=1080)
    assert estimate(video, load_prices(path) + TABLE, "openai") == 5.6


@pytest.mark.parametrize("text", ["{", "[]", "{}", "[" * 100_000, '{"a": 5}'])
def test_a_json_without_prices_is_refused(tmp_path, text):
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_prices(path)


@given(
    seconds=st.none() | st.floats(),
    width=st.none() | st.integers(),
    model=st.none() | st.text() | st.sampled_from([price.model for price in TABLE]),
    tier=st.none() | st.text(),
    provider=st.none() | st.sampled_from(sorted({price.source for price in TABLE})),
)
def test_whatever_the_job_its_cost_is_a_positive_number_or_unknown(seconds, width, model, tier, provider):
    video = replace(VIDEO, seconds=seconds, width=width, model=model, tier=tier)
    usd = estimate(video, TABLE, provider)
    assert usd is None or usd >= 0


@given(
    st.dictionaries(
        st.sampled_from(["source", "model", "tier", "usd_per_second", "valid_from"]), st.text() | st.floats()
    )
)
def test_whatever_the_row_it_is_a_price_or_a_clear_refusal(row):
    try:
        price = read_price(row)
    except ConfigError as error:
        assert str(error).startswith("price ")  # noqa: PT017 - either outcome is right, each is checked
    else:
        assert price.usd_per_second >= 0


@given(
    st.sampled_from(["sora-2", "sora-2-pro", "kling", None]),
    st.sampled_from([8.0, 0.0, None]),
    st.sampled_from([720, 333, None]),
    st.sampled_from([VIDEO.created_at, datetime(2027, 1, 1, tzinfo=UTC), None]),
    st.sampled_from(["completed", "failed", "cancelled"]),
    st.sampled_from(["openai", "azure", "nobody", None]),
)
def test_there_is_either_an_amount_or_a_reason(model, seconds, height, created_at, status, provider):
    video = replace(VIDEO, model=model, seconds=seconds, height=height, created_at=created_at, status=status)
    reason = explain_unknown(video, TABLE, provider, source="studio")
    assert (estimate(video, TABLE, provider, source="studio") is None) == bool(reason)
