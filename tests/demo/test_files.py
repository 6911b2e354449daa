"""The bytes that a gateway serves: several outputs, pictures, addresses that expire, and files at another origin."""

from __future__ import annotations

import base64
import io
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from catalog.demo.clips import box, filled, ready_made
from catalog.demo.gateway.dialects import dialect
from catalog.demo.media import Media
from catalog.wire.parse import parse_videos
from tests.demo.conftest import NOW, job
from tests.house import LONG

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Clock, Job

HOUR = 3600
SEVERAL = ["openai", "apimart", "bifrost", "evolink", "litellm"]  # those that name an address for each output


def retrieved(client: httpx.Client, one: Job) -> dict[str, Any]:
    """The answer to a retrieve in whatever family."""
    path = {"apimart": "/tasks", "evolink": "/tasks"}.get(client.headers["family"], "/videos")
    name = one.id.replace("video_", "task_") if path == "/tasks" else one.id
    return client.get(f"{path}/{name}").json()


def addresses(client: httpx.Client, one: Job) -> list[str]:
    """Where the outputs are, as our parser reads the answer."""
    return parse_videos(retrieved(client, one)).videos[0].output_urls


def fetch(url: str, **options: Any) -> httpx.Response:
    """The answer to one who has no key."""
    return httpx.get(url, verify=False, trust_env=False, timeout=LONG, **options)


@pytest.fixture
def begin(start):
    def begin(*jobs: Job, dialect: Any = "openai", **kind: Any):
        gateway, client = start(list(jobs), dialect=dialect, **{"media": Media(clip_bytes=20_000), **kind})
        client.headers["family"] = gateway.dialect.name
        return gateway, client

    return begin


def boxes(data: bytes) -> list[bytes]:
    """The kinds of the boxes of a clip, which are whole to its end."""
    kinds, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        assert 8 <= size <= len(data) - at
        kinds.append(data[at + 4 : at + 8])
        at += size
    return kinds


# --- several outputs


@pytest.mark.parametrize("family", SEVERAL)
def test_two_clips_of_one_job_have_an_address_each_in_order(begin, family: str):
    _, client = begin(job(1, outputs=2), dialect=family)
    urls = addresses(client, job(1))
    assert [url.partition("?")[0][-6:] for url in urls] == ["/0.mp4", "/1.mp4"]
    first, second = (fetch(url).content for url in urls)
    assert boxes(first)
    assert boxes(second)
    assert first != second


def test_one_clip_of_a_server_of_the_reference_format_has_no_address(begin):
    _, client = begin(job(1))
    assert "output" not in retrieved(client, job(1))


def test_the_outputs_of_openrouter_are_numbered_content_behind_the_key(begin):
    gateway, client = begin(job(1, outputs=2), dialect="openrouter")
    urls = retrieved(client, job(1))["unsigned_urls"]
    assert [fetch(url).status_code for url in urls] == [401, 401]
    assert [client.get(url).content for url in urls] == [
        gateway.media.asset(job(1), "video", number).data for number in (0, 1)
    ]


def test_the_outputs_of_sglang_are_numbered_variants_without_an_address(begin):
    gateway, client = begin(job(1, outputs=2), dialect="sglang")
    shown = retrieved(client, job(1))
    assert (shown["num_outputs"], shown["urls"], len(shown["file_paths"])) == (2, [None, None], 2)
    answers = [client.get(f"/videos/{job(1).id}/content", params={"variant": number}) for number in (0, 1, 2)]
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert answers[1].content == gateway.media.asset(job(1), "video", 1).data != answers[0].content


@pytest.mark.parametrize("number", ["2", "-1", "one", "01"])
def test_an_output_that_there_is_not_is_a_404(begin, number: str):
    _, client = begin(job(1, outputs=2))
    assert client.get(f"/videos/{job(1).id}/content", params={"index": number}).status_code == 404


@pytest.mark.parametrize("family", ["litellm", "vllm-omni", "unified", "newapi"])
def test_a_server_without_variants_sends_the_video_whatever_is_asked_for(begin, family: str):
    _, client = begin(job(1), dialect=family)
    answer = client.get(f"/videos/{job(1).id}/content", params={"variant": "thumbnail"})
    assert (answer.headers["content-type"], answer.content[4:8]) == ("video/mp4", b"ftyp")


# --- pictures


def image(**plan: Any) -> Job:
    return job(1, **{"kind": "image", "outputs": 4, "size": "160x120", "model": "gpt-image-2", **plan})


@pytest.mark.parametrize("family", SEVERAL)
def test_an_image_job_has_an_address_for_each_of_its_pictures(begin, family: str):
    _, client = begin(image(), dialect=family)
    answers = [fetch(url) for url in addresses(client, image())]
    assert [answer.headers["content-type"] for answer in answers] == ["image/png"] * 4
    assert {Image.open(io.BytesIO(answer.content)).size for answer in answers} == {(160, 120)}
    assert len({answer.content for answer in answers}) == 4


@pytest.mark.parametrize("family", ["openai", "apimart", "bifrost"])
def test_an_image_job_is_read_as_one(begin, family: str):
    _, client = begin(image(), dialect=family)
    (video,) = parse_videos(retrieved(client, image())).videos
    assert (video.kind, video.seconds) == ("image", None)


def test_an_image_job_has_no_spritesheet(begin):
    _, client = begin(image())
    found = {
        variant: client.get(f"/videos/{image().id}/content", params={"variant": variant})
        for variant in ("video", "thumbnail", "spritesheet")
    }
    assert {variant: answer.status_code for variant, answer in found.items()} == {
        "video": 200,
        "thumbnail": 200,
        "spritesheet": 404,
    }
    assert found["video"].headers["content-type"] == "image/png"


def test_pictures_can_be_in_the_answer(begin):
    gateway, client = begin(image(inline="b64_json"))
    outputs = retrieved(client, image())["output"]
    assert [base64.b64decode(output["b64_json"]) for output in outputs] == [
        gateway.media.asset(image(), "video", number).data for number in range(4)
    ]


@pytest.mark.parametrize(("family", "where"), [("unified", "output_url"), ("fourall", "url")])
def test_a_clip_can_be_a_data_url(begin, family: str, where: str):
    gateway, client = begin(job(1, inline="data_url"), dialect=family)
    head, _, data = retrieved(client, job(1))[where].partition(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(data) == gateway.media.asset(job(1), "video").data


# --- addresses that expire


@pytest.mark.parametrize("status", [403, 410])
def test_an_address_expires_and_a_retrieve_renews_it(begin, clock: Clock, status: int):
    one = job(1, address_lasts=HOUR)
    _, client = begin(one, dialect=dialect("fourall", expired_status=status))
    old = retrieved(client, one)
    assert (old["expires_at"], fetch(old["url"]).status_code) == (one.ends_at + HOUR, 200)
    clock.advance(HOUR)
    new = retrieved(client, one)
    assert (fetch(old["url"]).status_code, fetch(new["url"]).status_code) == (status, 200)
    assert new["expires_at"] == clock.now + HOUR
    clock.advance(HOUR)
    assert fetch(new["url"]).status_code == status


def test_a_list_shows_the_address_of_the_first_hour(begin, clock: Clock):
    one = job(1, address_lasts=HOUR)
    _, client = begin(one)
    clock.advance(HOUR)
    (listed,) = client.get("/videos").json()["data"]
    assert listed["expires_at"] == one.ends_at + HOUR
    assert fetch(listed["output"][0]["url"]).status_code == 403
    assert client.get(f"/videos/{one.id}/content").status_code == 200


def test_no_address_outlasts_the_bytes(begin, clock: Clock):
    one = job(1, address_lasts=HOUR, keeps_for=HOUR + 100)
    _, client = begin(one)
    clock.advance(HOUR)
    assert retrieved(client, one)["expires_at"] == one.kept_until
    clock.advance(100)
    assert [fetch(url).status_code for url in addresses(client, one)] == [403]
    assert client.get(f"/videos/{one.id}/content").status_code == 404


def test_bytes_can_be_lost_although_every_answer_looks_well(begin):
    one = job(1, has_lost=True)
    _, client = begin(one, dialect="fourall")
    shown = retrieved(client, one)
    assert (shown["status"], shown["expires_at"] > NOW) == ("completed", True)
    assert (fetch(shown["url"]).status_code, client.get(f"/videos/{one.id}/content").status_code) == (404, 404)


def test_a_job_can_be_forgotten_with_its_bytes(begin):
    gateway, client = begin(job(1), dialect="fourall")
    url = retrieved(client, job(1))["url"]
    gateway.jobs.remove(job(1).id)
    assert [client.get(f"/videos/{job(1).id}").status_code, fetch(url).status_code] == [404, 404]


@pytest.mark.parametrize("change", [("/0.mp4", "/1.mp4"), ("Signature=", "Signature=0"), ("Expires=1", "Expires=")])
def test_a_signed_address_cannot_be_changed(begin, change: tuple[str, str]):
    _, client = begin(job(1, outputs=2))
    url = addresses(client, job(1))[0]
    assert fetch(url.replace(*change)).status_code == 403


# --- an origin of its own


def test_files_can_lie_at_an_origin_of_their_own(begin):
    gateway, client = begin(job(1), dialect="fourall", files_elsewhere=True)
    url = retrieved(client, job(1))["url"]
    assert gateway.files_origin != gateway.origin
    assert url.startswith(f"{gateway.files_origin}/files/")
    assert fetch(url).status_code == 200
    assert fetch(f"{gateway.files_origin}/v1/videos/{job(1).id}").status_code == 404


def test_the_log_tells_which_origin_was_asked_with_which_headers(begin):
    gateway, client = begin(job(1), dialect="fourall", files_elsewhere=True)
    fetch(retrieved(client, job(1))["url"], headers={"X-Mine": "yes"})
    asked, fetched = (entry.headers for entry in gateway.requests)
    assert [f"http://{headers['host']}" for headers in (asked, fetched)] == [gateway.origin, gateway.files_origin]
    assert asked["authorization"] == "Bearer demo-key"
    assert ("authorization" in fetched, fetched["x-mine"]) == (False, "yes")


# --- how files are served


def test_a_file_says_when_it_was_made(begin):
    _, client = begin(job(1))
    path = f"/videos/{job(1).id}/content"
    whole = client.get(path)
    date = whole.headers["last-modified"]
    assert parsedate_to_datetime(date).timestamp() == job(1).ends_at
    asked = {"Range": "bytes=1-2", "If-Range": date}
    assert client.get(path, headers=asked).status_code == 206
    assert client.get(path, headers={**asked, "If-Range": "Mon, 02 Nov 2026 00:00:00 GMT"}).status_code == 200


# --- many clips of a size


def test_clips_of_any_size_cost_no_memory_and_differ(begin):
    size = 200_000
    media = Media(clip_bytes=size)
    _, client = begin(job(1), job(2), media=media)
    one, other = (client.get(f"/videos/{job(number).id}/content").content for number in (1, 2))
    assert (len(one), len(other), one != other) == (size, size, True)
    assert boxes(one)[-1] == b"free"
    assert len(media) == 0


def test_a_clip_has_exactly_the_size_that_it_is_filled_up_to():
    clip = ready_made(job(1))
    assert filled(clip, len(clip) + 8) == clip + box(b"free", b"")
    assert len(filled(clip, 1_000_000)) == 1_000_000
    with pytest.raises(ValueError, match="cannot be filled"):
        filled(clip, len(clip) + 7)
