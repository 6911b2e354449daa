"""The official SDK, a client that we did not write, works against the gateway."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING

import openai
import pytest

from catalog.demo.gateway import Gateway
from catalog.demo.gateway.jobs import Clock
from tests.demo.conftest import NOW, job, some_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway(some_jobs(), clock=Clock(NOW, step=0.5)) as gateway:
        yield gateway


@pytest.fixture
def sdk(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key, max_retries=2) as client:
        yield client


def test_the_sdk_creates_and_polls_to_the_end(gateway: Gateway, sdk: openai.OpenAI):
    gateway.jobs.clock.step = 1.5
    video = sdk.videos.create_and_poll(prompt="neon rain", model="sora-2-pro", seconds="8", size="1280x720")
    assert (video.status, video.progress, video.prompt, video.seconds) == ("completed", 100, "neon rain", "8")
    assert gateway.count("GET", video.id) >= 2


def test_the_sdk_creates_with_a_reference_image(sdk: openai.OpenAI):
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (720, 1280)).save(picture, "PNG")
    video = sdk.videos.create(prompt="p", input_reference=("a.png", picture.getvalue(), "image/png"))
    assert (video.status, video.size) == ("queued", "720x1280")


def test_the_sdk_walks_the_whole_list(sdk: openai.OpenAI):
    assert [video.id for video in sdk.videos.list(limit=10)] == [each.id for each in some_jobs()]


def test_the_sdk_never_ends_on_an_endless_list(gateway: Gateway, sdk: openai.OpenAI):
    gateway.faults.lists = "endless"
    assert len(list(itertools.islice(sdk.videos.list(limit=10), 200))) == 200


def test_the_sdk_retrieves(sdk: openai.OpenAI):
    video = sdk.videos.retrieve(job(3).id)
    assert (video.status, video.prompt, video.expires_at) == ("completed", "Clip 3", NOW - 180 + 10 + 86_400)


def test_the_sdk_remixes(sdk: openai.OpenAI):
    video = sdk.videos.remix(job(3).id, prompt="at dusk")
    assert (video.remixed_from_video_id, video.status) == (job(3).id, "queued")


@pytest.mark.parametrize(("variant", "start"), [("video", b"ftyp"), ("thumbnail", b"WEBP"), ("spritesheet", b"JFIF")])
def test_the_sdk_downloads(sdk: openai.OpenAI, variant: str, start: bytes):
    assert start in sdk.videos.download_content(job(1).id, variant=variant).read()[:16]


def test_the_sdk_edits_and_extends_an_uploaded_clip(sdk: openai.OpenAI):
    clip = ("a.mp4", b"mp4", "video/mp4")
    assert sdk.videos.edit(prompt="teal", video=clip).prompt == "teal"
    assert sdk.videos.extend(prompt="on", seconds="8", video=clip).seconds == "8"


def test_the_sdk_makes_and_gets_a_character(sdk: openai.OpenAI):
    made = sdk.videos.create_character(name="Mossy", video=("a.mp4", b"mp4", "video/mp4"))
    assert sdk.videos.get_character(made.id).name == "Mossy"


def test_the_sdk_deletes(sdk: openai.OpenAI):
    assert sdk.videos.delete(job(1).id).deleted is True
    with pytest.raises(openai.NotFoundError, match="not found"):
        sdk.videos.retrieve(job(1).id)


def test_the_sdk_reads_the_errors(gateway: Gateway, sdk: openai.OpenAI):
    with pytest.raises(openai.BadRequestError) as caught:
        sdk.videos.create(prompt="p", size="huge")
    assert (caught.value.param, caught.value.code) == ("size", "invalid_value")
    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong").videos.retrieve(job(1).id)


def test_the_sdk_tries_again_as_it_is_told(gateway: Gateway, sdk: openai.OpenAI):
    gateway.faults.rate_limits, gateway.faults.retry_after, gateway.faults.retry_header = 2, 0.01, "ms"
    assert sdk.videos.retrieve(job(1).id).status == "completed"
    assert [entry.status for entry in gateway.requests] == [429, 429, 200]


@pytest.mark.filterwarnings("default:The Sora API is scheduled:DeprecationWarning")
def test_the_sdk_warns_that_its_own_endpoint_is_gone(sdk: openai.OpenAI):
    with pytest.warns(DeprecationWarning, match="Sora API"):
        sdk.videos.retrieve(job(1).id)
