"""Signed media of the sample: what a check says of them, whom they name as parents, and that they play all the same."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import av
import pytest

from catalog.demo.clips import ready_made
from catalog.demo.credentials import WATERMARK, name_generator
from catalog.demo.gateway.bodies import Upload
from catalog.demo.gateway.jobs import Jobs
from catalog.demo.media import Media, Pictures
from catalog.demo.sample import SPAN
from catalog.demo.signing import GENERATIONS, KEY_FILE, ORGANISATION, Signing
from catalog.errors import CatalogError
from catalog.media.examine import examine
from catalog.provenance import Profile, check_file, load_list
from catalog.provenance.proving import make_picture
from tests.demo.conftest import job
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from catalog.demo.gateway.jobs import Clock, Job
    from catalog.provenance import Check, Manifest
    from tests.demo.conftest import Start


class Studio:
    """Media of some jobs, signed, and what a check says of them."""

    def __init__(self, folder: Path, jobs: Iterable[Job] = (), **kind: int) -> None:
        self.folder = folder
        self.jobs = Jobs(jobs)
        self.kept = folder / "gateway"
        self.signing = Signing(self.kept, self.jobs.find)
        self.media = Media(signing=self.signing, **kind)
        self.profile = Profile((load_list(self.signing.write_root(folder)),))

    def serve(self, job: Job, number: int = 0) -> Path:
        """The file of a job's clip, as a client gets it."""
        path = self.folder / f"{job.id}-{number}.{'png' if job.kind == 'image' else 'mp4'}"
        path.write_bytes(self.media.asset(job, "video", number).data)
        return path

    def check(self, job: Job, number: int = 0, *, profile: Profile | None = None) -> Check:
        return check_file(self.serve(job, number), profile=profile or self.profile)

    def manifest(self, job: Job, number: int = 0) -> Manifest:
        active = self.check(job, number).active
        assert active is not None
        return active


def remixes(count: int, **plans: dict[str, object]) -> list[Job]:
    """A job and its remixes, each of the one before; `plans` are parts of a plan by `job_NUMBER`."""
    return [
        job(
            number, **{"remixed_from": f"video_{number - 1:032x}" if number else None, **plans.get(f"job_{number}", {})}
        )
        for number in range(count)
    ]


def count_frames(clip: bytes) -> int:
    with av.open(io.BytesIO(clip)) as container:
        return len(list(container.decode(video=0)))


@pytest.fixture
def studio(tmp_path: Path) -> Callable[..., Studio]:
    return lambda *jobs, **kind: Studio(tmp_path, jobs, **kind)


# --- What a clip says


def test_a_clip_is_intact_and_its_signer_known_with_the_list_alone(studio):
    one = job(1)
    made = studio(one)
    assert made.check(one).status == "intact_known_signer"
    assert made.check(one, profile=Profile()).status == "intact_unknown_signer"


def test_a_clip_names_its_generator_and_its_model_and_a_sample_as_its_signer(studio):
    one = job(1, model="sora-2-pro")
    manifest = studio(one).manifest(one)
    assert (manifest.generator, manifest.generator_version) == ("Sora", "2-pro")
    assert manifest.signature.name == ORGANISATION == "Sample Video (demo)"
    (action,) = manifest.actions
    assert (action.action, action.source_type) == ("c2pa.created", "trainedAlgorithmicMedia")
    assert (action.software_agent, action.model) == ("Sora", "sora-2-pro")
    (disclosure,) = manifest.disclosures
    assert (disclosure.model_name, disclosure.human_oversight) == ("sora-2-pro", "prompt-guided")
    assert (manifest.ingredients, manifest.soft_bindings) == ((), ())
    assert one.id not in (manifest.title or "")


@pytest.mark.parametrize(
    ("model", "generator"),
    [
        ("sora-2", ("Sora", "2")),
        ("veo-3.1-fast-generate-001", ("Veo", "3.1-fast-generate-001")),
        ("wan2.7-t2v", ("Wan", "2.7-t2v")),
        ("Kling", ("Kling", "")),
        ("2.5/turbo", ("Sample generator", "2.5/turbo")),
        ("", ("Sample generator", "")),
    ],
)
def test_a_generator_is_the_family_of_the_model(model: str, generator: tuple[str, str]):
    assert name_generator(model) == generator


@pytest.mark.parametrize("model", ["x" * 2_000_000, "\ud800-2", "\0", "<script>\u202e", "模型"])
def test_a_model_of_any_name_is_signed(studio, model: str):
    one = job(1, model=model)
    made = studio(one, clip_bytes=1)
    assert made.check(one).status == "intact_known_signer"
    assert made.manifest(one).actions[0].model == model[:200].replace("\ud800", "?")


@pytest.mark.parametrize(("model", "declared"), [("veo-3.1-generate-001", (WATERMARK,)), ("kling-v2-5-turbo", ())])
def test_some_generators_declare_a_watermark(studio, model: str, declared: tuple[str, ...]):
    one = job(1, model=model)
    assert studio(one).manifest(one).soft_bindings == declared


def test_a_clip_was_made_when_its_job_was_done_and_the_certificate_is_older(studio):
    one = job(1, created_at=int(time.time()) - SPAN)
    manifest = studio(one).manifest(one)
    made_at = datetime.fromisoformat(manifest.actions[0].at)
    assert made_at.timestamp() == one.ends_at
    assert manifest.signature.valid_from < made_at


def test_each_picture_of_an_image_job_has_credentials_of_its_own(studio):
    one = job(1, kind="image", outputs=2, size="1024x1024", model="imagen-4.0-generate-001")
    made = studio(one)
    checks = [made.check(one, number) for number in (0, 1)]
    assert [check.status for check in checks] == ["intact_known_signer"] * 2
    assert len({check.active.label for check in checks}) == len({check.active.instance_id for check in checks}) == 2
    assert examine(made.serve(one, 1), "image").extension == "png"


def test_thumbnails_and_sheets_are_those_of_media_that_are_not_signed(studio):
    one = job(1)
    made = studio(one)
    assert made.media.asset(one, "thumbnail") == Pictures(one).thumbnail
    assert made.media.asset(one, "spritesheet") == Pictures(one).spritesheet


def test_media_are_not_signed_unless_that_is_asked_for():
    assert Media().asset(job(1), "video") == Pictures(job(1)).video


# --- Parents


def test_a_remix_names_the_manifest_of_its_parent(studio):
    parent, remix = remixes(2)
    made = studio(parent, remix)
    manifest = made.manifest(remix)  # asked for before its parent
    (ingredient,) = manifest.ingredients
    named = made.manifest(parent)
    assert (ingredient.relationship, ingredient.manifest) == ("parentOf", named.label)
    assert ingredient.manifest_hash == named.hash
    assert (ingredient.title, ingredient.instance_id) == (named.title, named.instance_id)
    assert [action.action for action in manifest.actions] == ["c2pa.opened", "c2pa.edited"]
    assert manifest.actions[1].source_type == "trainedAlgorithmicMedia"
    assert made.check(remix).status == "intact_known_signer"


def test_the_second_output_of_a_remix_names_the_same_parent(studio):
    parent, remix = remixes(2, job_1={"outputs": 2})
    made = studio(parent, remix)
    named = {made.manifest(remix, number).ingredients[0].manifest for number in (0, 1)}
    assert named == {made.manifest(parent).label}


def test_a_remix_may_name_another_parent_than_answers_do(studio):
    first, second, third = remixes(3)
    third = replace(third, made_from=first.id)
    made = studio(first, second, third)
    (ingredient,) = made.manifest(third).ingredients
    assert ingredient.manifest == made.manifest(first).label
    assert third.remixed_from == second.id


def test_a_parent_that_the_server_does_not_know_is_named_without_a_manifest(studio):
    (_, remix) = remixes(2)
    made = studio(remix)
    (ingredient,) = made.manifest(remix).ingredients
    assert (ingredient.relationship, ingredient.manifest) == ("parentOf", None)
    assert made.check(remix).status == "intact_known_signer"


class Desk:
    """A gateway whose clips are signed, and what they say."""

    def __init__(self, start: Start, folder: Path, clock: Clock) -> None:
        self.clock, self.path = clock, folder / "clip.mp4"
        jobs = Jobs([job(1)], clock=clock)
        _, self.client = start(jobs, media=Media(signing=Signing(folder / "gateway", jobs.find)))

    def order(self, path: str, **body: object) -> str:
        """The id of a new job, which is done."""
        answer = self.client.post(path, **body).json()
        self.clock.advance(60)
        return answer["id"]

    def manifest(self, name: str) -> Manifest:
        self.path.write_bytes(self.client.get(f"/videos/{name}/content").content)
        return check_file(self.path).active


@pytest.fixture
def desk(start: Start, tmp_path: Path, clock: Clock) -> Desk:
    return Desk(start, tmp_path, clock)


@pytest.mark.parametrize(("call", "extra"), [("edits", {}), ("extensions", {"seconds": "4"})])
def test_an_edit_of_a_job_names_it_although_answers_do_not(desk: Desk, call: str, extra: dict):
    name = desk.order(f"/videos/{call}", json={"prompt": "At night", "video": {"id": job(1).id}, **extra})
    assert job(1).id not in desk.client.get(f"/videos/{name}").text
    assert desk.manifest(name).ingredients[0].manifest == desk.manifest(job(1).id).label


@pytest.mark.parametrize(("call", "extra"), [("edits", {}), ("extensions", {"seconds": "4"})])
def test_a_signed_clip_that_came_with_a_request_is_the_parent(desk: Desk, call: str, extra: dict):
    label = desk.manifest(job(1).id).label
    files = {"video": ("mine.mp4", desk.path.read_bytes(), "video/mp4")}
    name = desk.order(f"/videos/{call}", data={"prompt": "At night", **extra}, files=files)
    (ingredient,) = desk.manifest(name).ingredients
    assert (ingredient.relationship, ingredient.title, ingredient.manifest) == ("parentOf", "mine.mp4", label)


def test_a_picture_that_came_with_a_request_is_an_input(desk: Desk):
    picture = Pictures(job(1, kind="image")).video.data
    files = {"input_reference": ("lamp.png", picture, "image/png")}
    manifest = desk.manifest(desk.order("/videos", data={"prompt": "A lamp"}, files=files))
    (ingredient,) = manifest.ingredients
    assert (ingredient.relationship, ingredient.title, ingredient.format) == ("inputTo", "lamp.png", "image/png")
    assert [action.action for action in manifest.actions] == ["c2pa.created"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("noise.mp4", b"no clip at all" * 40),
        ("empty.mp4", b""),
        ("film.webm", b"\x1a\x45\xdf\xa3" + b"\0" * 60),
        ("cut.mp4", ready_made(job(1))[:900]),
        ("\x1b[31m<script>\u202e" + "x" * 900_000, make_picture()[:20]),
    ],
)
def test_whatever_comes_with_a_request_is_named_and_the_clip_is_signed(studio, name: str, data: bytes):
    edit = job(2, upload=Upload(name, "video/mp4", data))
    made = studio(edit)
    assert made.check(edit).status == "intact_known_signer"
    (ingredient,) = made.manifest(edit).ingredients
    assert (ingredient.title, ingredient.manifest) == (name[:200], None)


# --- Long chains and circles


def test_of_a_long_chain_only_what_a_clip_needs_is_signed(studio):
    chain = remixes(5_000)
    made = studio(*chain, clip_bytes=1)
    for last in (chain[-1], chain[-2]):
        check = made.check(last)
        assert check.status == "intact_known_signer"
        assert len(check.manifests) <= GENERATIONS
    assert len(list(made.kept.iterdir())) <= GENERATIONS + 1


def test_beyond_so_many_generations_a_parent_is_named_without_its_manifests(studio):
    chain = remixes(GENERATIONS + 2)
    made = studio(*chain, clip_bytes=1)
    sizes = [len(made.check(each).manifests) for each in chain]
    assert sizes == [*range(1, GENERATIONS + 1), 1, 2]
    (ingredient,) = made.manifest(chain[GENERATIONS]).ingredients
    parent = made.manifest(chain[GENERATIONS - 1])
    assert (ingredient.manifest, ingredient.instance_id) == (None, parent.instance_id)


def test_jobs_that_are_made_from_each_other_are_signed(studio):
    one, other = job(1, made_from=job(2).id), job(2, made_from=job(1).id)
    itself, child = job(3, made_from=job(3).id), job(4, made_from=job(2).id)
    made = studio(one, other, itself, child)
    for each in (child, one, other, itself):
        assert made.check(each).status == "intact_known_signer"
        assert len(made.manifest(each).ingredients) == 1


# --- Clips that are not as they were signed


def test_an_expired_certificate_is_that_of_an_intact_clip_and_of_no_other(studio):
    parent, expired, child = remixes(3, job_1={"credentials": "expired"})
    made = studio(parent, expired, child)
    assert [made.check(each).status for each in (parent, expired, child)] == [
        "intact_known_signer",
        "intact_expired",
        "intact_known_signer",
    ]
    assert made.manifest(child).ingredients[0].manifest == made.manifest(expired).label


@pytest.mark.parametrize("draws", [True, False])
def test_an_altered_clip_is_changed_and_plays_all_the_same(studio, monkeypatch: pytest.MonkeyPatch, draws: bool):
    parent, child = remixes(2, job_0={"credentials": "altered"})
    made = studio(parent, child)
    with monkeypatch.context() as patch:
        if not draws:
            patch.setitem(sys.modules, "av", None)
        path = made.serve(parent)
        drawn = Pictures(parent).video.data
    assert made.check(parent).status == "changed"
    assert examine(path, "video").extension == "mp4"
    assert count_frames(path.read_bytes()) == count_frames(drawn) > 30
    assert made.check(child).status == "intact_known_signer"  # it was made of the clip as it was


def test_a_stripped_clip_has_no_credentials_although_others_name_them(studio):
    parent, child = remixes(2, job_0={"credentials": "stripped"})
    made = studio(parent, child)
    assert made.serve(parent).read_bytes() == Pictures(parent).video.data
    assert made.check(parent).status == "absent"
    assert made.manifest(child).ingredients[0].manifest in {each.label for each in made.check(child).manifests}


def test_a_signed_clip_plays_and_is_whole(studio):
    one = job(1, size="1280x720", seconds="4")
    path = studio(one).serve(one)
    probe = examine(path, "video").probe
    assert (probe.codec, probe.width, probe.height, round(probe.seconds)) == ("h264", 320, 180, 4)
    assert count_frames(path.read_bytes()) == 48


# --- Bytes


def test_the_same_job_has_the_same_bytes_in_a_folder_on_every_run(tmp_path: Path):
    parent, remix = remixes(2)
    runs = [Studio(tmp_path, (parent, remix), keep=1) for _ in range(2)]
    first, second = ([made.serve(each).read_bytes() for each in (remix, parent, remix)] for made in runs)
    assert first == second
    assert first[0] == first[2]
    assert runs[0].profile == runs[1].profile


def test_clips_that_are_asked_for_at_once_agree_on_their_parents(studio):
    chain = remixes(6)
    made = studio(*chain, clip_bytes=1)
    barrier = threading.Barrier(12)

    def ask(number: int) -> bytes:
        barrier.wait(LONG)
        return made.media.asset(chain[number % 6], "video").data

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    assert answers[:6] == answers[6:]
    labels = [made.manifest(each).label for each in chain]
    assert [made.manifest(each).ingredients[0].manifest for each in chain[1:]] == labels[:-1]


def test_clips_of_a_size_are_signed_in_that_size(studio):
    one, other = job(1), job(2)
    made = studio(one, other, clip_bytes=200_000)
    clips = [made.serve(each) for each in (one, other)]
    assert [clip.stat().st_size for clip in clips] == [200_000] * 2
    assert clips[0].read_bytes() != clips[1].read_bytes()
    assert {made.check(each).status for each in (one, other)} == {"intact_known_signer"}
    assert examine(clips[0], "video").size == 200_000
    assert len(made.media) == 0


def test_a_clip_is_larger_than_its_size_where_its_credentials_alone_are(studio):
    one = job(1)
    made = studio(one, clip_bytes=100)
    assert made.serve(one).stat().st_size > 8_000
    assert made.check(one).status == "intact_known_signer"


# --- The authority


@pytest.mark.skipif(os.name == "nt", reason="modes of files")
def test_nobody_else_can_read_the_authoritys_key(studio):
    made = studio()
    assert (made.kept / KEY_FILE).stat().st_mode & 0o077 == 0
    assert b"PRIVATE" not in made.signing.write_root(made.folder).read_bytes()


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"-----BEGIN PRIVATE KEY-----\n!\n-----END PRIVATE KEY-----\n"])
def test_a_damaged_authority_is_an_error_that_says_what_to_do(studio, content: bytes):
    made = studio()
    (made.kept / KEY_FILE).write_bytes(content)
    with pytest.raises(CatalogError, match="is damaged: remove the folder"):
        studio()


def test_the_key_of_another_authority_is_not_taken(tmp_path: Path):
    mine, other = (Studio(tmp_path / name) for name in ("mine", "other") if not (tmp_path / name).mkdir())
    key, _, _ = (other.kept / KEY_FILE).read_text().partition("-----BEGIN CERTIFICATE-----")
    (mine.kept / KEY_FILE).write_text(key + mine.signing.write_root(tmp_path).read_text())
    with pytest.raises(CatalogError, match="is damaged"):
        Studio(tmp_path / "mine")


WITHOUT_READER = """
import sys
sys.modules["c2pa"] = None
from pathlib import Path
from catalog.demo.chain import run
from catalog.demo.signing import Signing
from catalog.errors import CatalogError

def echo(line):
    print(line)
    if line.startswith("\\n$"):
        raise SystemExit

try:
    Signing(Path("other"), dict().get)
except CatalogError as error:
    print("refused:", error)
run(Path("demo"), serve=False, port=0, echo=echo)
"""


def test_where_nothing_can_be_signed_the_tour_says_why_and_goes_on(tmp_path: Path):
    script = (sys.executable, "-c", WITHOUT_READER)
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, timeout=LONG, check=False)
    assert "refused: clips cannot be signed: the reader c2pa-python cannot be loaded" in done.stdout, done.stderr
    assert "Its clips have no Content Credentials: the reader c2pa-python cannot be loaded" in done.stdout
    assert done.stdout.endswith("$ catalog sync\n")
    assert sorted(path.name for path in (tmp_path / "demo").iterdir()) == ["catalog.toml", "gateway.json"]


def test_the_gateway_by_itself_signs_in_a_folder(tmp_path: Path):
    command = [sys.executable, "-m", "catalog.demo.gateway", "--count", "3", "--signed-in", str(tmp_path / "signed")]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout.readline().startswith("http://")
            assert process.stdout.readline() == f"for trust lists: {tmp_path / 'signed' / 'demo-authority.pem'}\n"
        finally:
            process.terminate()
    assert load_list(tmp_path / "signed" / "demo-authority.pem").count == 1
