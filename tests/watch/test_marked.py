"""What files say of themselves, as it is taken in: marks, workflows, prompts, and ids of jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.house import job
from tests.media.marks.carriers import GRAPH, read

if TYPE_CHECKING:
    from tests.watch.conftest import Pasture

LABEL = {"Label": "1", "ContentProducer": "kling", "ProduceID": "task_20261001_77"}


def put(pasture: Pasture, name: str, width: int = 40, **texts: str) -> bytes:
    """A picture with these texts in it."""
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.new("RGB", (width, 30)).save(pasture.folder / name, pnginfo=info)
    return (pasture.folder / name).read_bytes()


def test_a_prompt_in_a_file_is_that_of_its_video(pasture: Pasture) -> None:
    data = put(pasture, "a.png", prompt=json.dumps(GRAPH), workflow='{"nodes": []}')
    said = read(data)
    assert said.prompt
    pasture.scan()
    assert pasture.rows("SELECT prompt, seed, model FROM videos") == [(said.prompt, said.seed, said.model)]
    assert pasture.rows("SELECT channel FROM observations") == [("file",)]


def test_marks_are_kept_and_a_workflow_once(pasture: Pasture) -> None:
    for number in (1, 2):
        put(pasture, f"{number}.png", 40 + number, workflow='{"nodes": [1]}')
    pasture.scan()
    assert pasture.rows("SELECT kind, is_broken, is_truncated FROM file_marks") == [("workflow", 0, 0)] * 2
    ((name, content),) = pasture.rows("SELECT sha256, content FROM workflows")
    assert content == '{"nodes": [1]}'
    assert pasture.rows("SELECT DISTINCT value FROM file_marks") == [(name,)]


def test_an_id_in_a_file_finds_its_job_and_the_job_keeps_its_own_prompt(pasture: Pasture) -> None:
    put(pasture, "a.png", 41, AIGC=json.dumps(LABEL), prompt=json.dumps(GRAPH))
    said = job("task_20261001_77", object="image", prompt="what the server said")
    (pasture.folder / "jobs.json").write_text(json.dumps(said))
    report = pasture.watch()
    assert (report.made, report.joined) == (0, 1)
    assert pasture.rows("SELECT remote_id, prompt FROM videos") == [("task_20261001_77", "what the server said")]


def test_a_file_fills_what_nobody_has_said_of_its_job(pasture: Pasture) -> None:
    data = put(pasture, "task_20261001_77.png", 42, prompt=json.dumps(GRAPH))
    (pasture.folder / "jobs.json").write_text(json.dumps(job("task_20261001_77", object="image")))
    pasture.watch()
    assert pasture.rows("SELECT prompt, status FROM videos") == [(read(data).prompt, "completed")]
