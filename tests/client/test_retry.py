"""When a call is made again, and after how long."""

from __future__ import annotations

import pytest

from catalog.client.retry import backoff, requested_wait, should_retry

NOW = 1_795_000_000.0


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_a_passing_failure_is_retried(status):
    assert should_retry(status, {})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_a_lasting_failure_is_not_retried(status):
    assert not should_retry(status, {})


def test_a_server_may_forbid_a_retry():
    assert not should_retry(503, {"x-should-retry": "false"})


def test_a_server_may_ask_for_a_retry():
    assert should_retry(400, {"x-should-retry": "True"})


def test_another_word_about_retries_is_ignored():
    assert not should_retry(400, {"x-should-retry": "maybe"})


def test_the_back_off_doubles_up_to_eight_seconds():
    assert [backoff(attempt, lambda: 0.0) for attempt in range(6)] == [0.5, 1, 2, 4, 8, 8]


def test_jitter_takes_off_a_quarter_at_most():
    assert backoff(1, lambda: 1.0) == 0.75


def test_the_thousandth_back_off_is_still_eight_seconds():
    assert backoff(1000, lambda: 0.0) == 8


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"llm_provider-retry-after": "11"}, 11),
        ({"retry-after": "3", "llm_provider-retry-after": "11"}, 3),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:45 GMT"}, 5),
        ({"x-ratelimit-reset-requests": "1s"}, 1),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-requests": "500ms"}, 0.5),
        ({"x-ratelimit-reset": str(int(NOW) + 20)}, 20),
        ({"x-ratelimit-reset": str(int(NOW + 20) * 1000)}, 20),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "9s"}, 9),
        (
            {
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-tokens": "4000",
            },
            2,
        ),
    ],
)
def test_every_form_of_a_named_wait_is_read(headers, seconds):
    assert requested_wait(429, headers, now=NOW) == pytest.approx(seconds)


def test_the_clock_of_the_server_decides_how_far_its_date_is():
    headers = {"retry-after": "Wed, 18 Nov 2026 11:06:45 GMT", "date": "Wed, 18 Nov 2026 11:06:15 GMT"}
    assert requested_wait(429, headers, now=NOW - 7200) == 30


def test_limits_that_are_not_spent_name_no_wait():
    assert requested_wait(429, {"x-ratelimit-reset": "9", "x-ratelimit-remaining": "3"}, now=NOW) is None


def test_the_reset_of_a_limit_says_nothing_about_a_server_fault():
    assert requested_wait(500, {"x-ratelimit-reset": "9"}, now=NOW) is None


@pytest.mark.parametrize("text", ["", "soon", "-3", "0", "nan", "inf", "1e999", "Wed, 18 Nov 2020 00:00:00 GMT"])
def test_a_wait_without_a_meaning_is_no_wait(text):
    headers = {"retry-after": text, "retry-after-ms": text, "x-ratelimit-reset-tokens": text}
    assert requested_wait(429, headers, now=NOW) is None
