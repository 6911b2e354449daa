"""The join of Batch requests and answers: what decides, and that nothing ambiguous is ever joined."""

from __future__ import annotations

import json
from cProfile import Profile
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from catalog.batches import Answer, BatchVideo, Join, Request, same
from catalog.wire.requests import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

PROMPTS = st.sampled_from(["a fox", "a hare", "an owl"])


def line(prompt: str, custom_id: str = "1", **body: object) -> dict[str, object]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/videos", "body": {"prompt": prompt, **body}}


def request(prompt: str, home: str = "", custom_id: str = "1") -> Request:
    return Request(custom_id, json.dumps(line(prompt, custom_id)), home)


def batch_video(remote_id: str, prompt: str | None = None, joined: Sequence[str] = ()) -> BatchVideo:
    parsed = [parse_line(line(asked)) for asked in joined]
    return BatchVideo(remote_id, prompt, [asked for asked in parsed if asked is not None])


def join_by_home(*requests: Request, answers: Sequence[Answer]) -> Join:
    join = Join([same(lambda home: home), same(lambda _: None)])
    for asked in requests:
        join.ask(asked)
    for answer in answers:
        join.answer(answer)
    return join


def look_up(videos: Sequence[BatchVideo], *requests: Request) -> list[str | None]:
    join = join_by_home(*requests, answers=[])
    return [join.find_video(waiting, videos) for waiting in join.waiting()]


def test_the_strongest_rule_that_fits_one_request_decides():
    join = join_by_home(request("a fox", "spring"), request("a hare", "autumn"), answers=[Answer("1", "v1", "autumn")])
    ((answer, asked, _),) = join.pairs()
    assert (answer.remote_id, asked and asked.home) == ("v1", "autumn")
    assert [waiting.home for waiting in join.waiting()] == ["spring"]


def test_an_answer_is_weighed_against_the_requests_of_its_home_alone():
    def calls(count: int) -> int:
        requests = [request(f"scene {number}", str(number)) for number in range(count)]
        answers = [Answer("1", f"v{number}", str(number)) for number in range(count)]
        join = join_by_home(*requests, answers=answers)
        profile = Profile()
        pairs = profile.runcall(lambda: list(join.pairs()))
        assert [pair.request for pair in pairs] == requests
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(400) < 5 * calls(100)


def test_different_requests_that_no_rule_tells_apart_are_not_joined_and_wait_no_longer():
    join = join_by_home(request("a fox", "spring"), request("a hare", "autumn"), answers=[Answer("1", "v1", "winter")])
    ((_, asked, candidates),) = join.pairs()
    assert asked is None
    assert [candidate.home for candidate in candidates] == ["spring", "autumn"]
    assert list(join.waiting()) == []


def test_the_same_request_in_two_places_is_one_request():
    join = join_by_home(request("a fox", "spring"), request("a fox", "copy"), answers=[Answer("1", "v1", "winter")])
    assert [pair.request is not None for pair in join.pairs()] == [True]
    assert look_up([batch_video("v2")], request("a fox", "spring"), request("a fox", "copy")) == ["v2", "v2"]


def test_an_answer_to_nothing_that_was_met_is_passed_over():
    join = join_by_home(request("a fox"), answers=[Answer("2", "v2"), Answer("1", None)])
    assert [(pair.answer.custom_id, pair.answer.remote_id) for pair in join.pairs()] == [("1", None)]


def test_a_video_of_the_library_is_joined_when_it_is_the_only_one_that_fits():
    asked = request("a fox")
    assert look_up([], asked) == [None]
    assert look_up([batch_video("v1"), batch_video("v2", "a hare")], asked) == ["v1"]
    assert look_up([batch_video("v1"), batch_video("v2")], asked) == [None]
    assert look_up([batch_video("v1", "a fox", ["a hare"]), batch_video("v2", "a fox")], asked) == ["v2"]


def test_a_request_finds_the_video_that_it_was_joined_to_before_whatever_else_goes_by_its_name():
    videos = [batch_video("v1"), batch_video("v2", "a fox", ["a fox"])]
    assert look_up(videos, request("a fox"), request("a hare")) == ["v2", None]


def test_a_video_whose_request_is_known_is_nobody_elses():
    join = join_by_home(request("a fox", "spring"), request("a hare", "autumn"), answers=[Answer("1", "v1", "spring")])
    assert len(list(join.pairs())) == 1
    assert [join.find_video(waiting, [batch_video("v1")]) for waiting in join.waiting()] == [None]


def test_a_request_of_the_same_prompt_that_asks_for_something_else_is_another():
    longer = Request("1", json.dumps(line("a fox", seconds="12")))
    assert look_up([batch_video("v1", "a fox", ["a fox"])], longer) == [None]


def test_what_a_request_says_counts_and_not_how_it_is_written():
    written = Request("1", json.dumps({"url": "https://api.example/v1/videos", "body": {"prompt": "a fox"}}))
    assert look_up([batch_video("v1", "a fox", ["a fox"])], written) == ["v1"]


@given(asked=st.lists(st.tuples(PROMPTS, st.sampled_from("xyz")), min_size=1, max_size=5), home=st.sampled_from("xyzw"))
def test_no_answer_is_joined_to_one_of_several_requests_that_fit_it_equally(asked: list[tuple[str, str]], home: str):
    join = join_by_home(*(request(*one) for one in asked), answers=[Answer("1", "v1", home)])
    ((_, joined, _),) = join.pairs()
    near = {prompt for prompt, where in asked if where == home}
    everywhere = {prompt for prompt, _ in asked}
    certain = near if len(near) == 1 else everywhere if len(everywhere) == 1 else set()
    assert (joined and json.loads(joined.text)["body"]["prompt"]) == (certain.pop() if certain else None)
