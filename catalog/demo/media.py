"""Real media for the sample jobs: a playable H.264 clip, a webp thumbnail and a jpeg sprite sheet; of an image
job, a png in place of the clip.

Every picture depends on the job alone: the same job has the same bytes on every run. A clip has the requested length
and shape; it is small and drawn, not generated: colours and moving shapes seeded by the id, with the
model, the prompt's first words and the id written on it. Where PyAV is not installed, the clip is one of those in
`catalog.demo.clips`; thumbnail and sheet are drawn all the same.

Clips and pictures are signed where it is asked for, which gives them other bytes each time: see `catalog.demo.signing`.
"""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from math import cos, pi, sin
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from catalog.demo.clips import EMPTY, filled, ready_made
from catalog.demo.credentials import MEDIA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog.demo.gateway.jobs import Job
    from catalog.demo.signing import Signing

LONG_SIDE = 320
FRAMES_PER_SECOND = 12
LONGEST_CLIP = 20
WORKERS = 2
QUICK = {"preset": "ultrafast", "crf": "30"}
VARIANTS = ("video", "thumbnail", "spritesheet")
SHEET_COLUMNS, SHEET_ROWS = 4, 3
PALETTES = (
    ("#0b1d3a", "#e0407b", "#ffb454"),
    ("#10241b", "#3fae7a", "#f3e9c6"),
    ("#2b1055", "#7597de", "#ffd6e8"),
    ("#3a0d0d", "#d1462f", "#f2c14e"),
    ("#0f2027", "#2c9ab7", "#e8f7ee"),
    ("#1f1c2c", "#928dab", "#f7d9aa"),
    ("#22333b", "#c6ac8f", "#eae0d5"),
    ("#05204a", "#b497d6", "#e1e2ef"),
)


class Asset(NamedTuple):
    """The bytes of one variant and their content type."""

    data: bytes
    content_type: str


class Pictures:
    """Every variant of one output of a job, each drawn and encoded when it is first asked for."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @cached_property
    def video(self) -> Asset:
        """The clip; of an image job, the picture."""
        if self._job.kind == "image":
            picture = Scene(self._job, max(_sides(self._job))).draw(0.5)
            return Asset(_save(picture, "PNG"), "image/png")
        frames = round(min(float(self._job.seconds), LONGEST_CLIP) * FRAMES_PER_SECOND)
        try:
            return Asset(encode(self._scene, frames, QUICK), "video/mp4")
        except ImportError:
            return Asset(ready_made(self._job), "video/mp4")

    @cached_property
    def thumbnail(self) -> Asset:
        """One frame."""
        return Asset(_save(self._scene.draw(0.5), "WEBP", quality=80), "image/webp")

    @cached_property
    def spritesheet(self) -> Asset:
        """Twelve frames, row by row."""
        return Asset(_save(_sheet(self._scene), "JPEG", quality=80), "image/jpeg")

    @cached_property
    def _scene(self) -> Scene:
        return Scene(self._job)


class Media:
    """The media of jobs, made when first asked for; those of at most `keep` outputs are held in memory.

    `eager` is for how many jobs `make_ready` makes them ahead, so that clients of a server need not wait. With
    `clip_bytes`, every clip is a ready-made one, filled up to that size at each request: any number of clips of any
    size, no two of them with the same bytes, cost no memory.

    With `signing`, what jobs make has Content Credentials; thumbnails and sheets have none. Clips of a size are signed
    before they are filled up, since no signature covers a filler, and are larger where they are so with them already.
    """

    def __init__(
        self, *, eager: int = 0, keep: int = 1000, clip_bytes: int | None = None, signing: Signing | None = None
    ) -> None:
        self.eager = eager
        self.keep = keep
        self.clip_bytes = clip_bytes
        self.signing = signing
        self._pictures: dict[str, Pictures] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._pictures)

    def make_ready(self, jobs: Iterable[Job]) -> int:
        """Make the media of the first `eager` jobs in two threads; return how many there were."""
        chosen = list(islice(jobs, self.eager))
        with ThreadPoolExecutor(WORKERS) as pool:
            return sum(1 for _ in pool.map(self._make, chosen))

    def asset(self, job: Job, variant: str, number: int = 0) -> Asset:
        """One variant (`video`, `thumbnail` or `spritesheet`) of one output of a job."""
        job = job.numbered(number)
        if variant != "video":
            asset: Asset = getattr(self.pictures(job), variant)
            return asset
        data = self._draw(job) if self.signing is None else self.signing.sign(job, self._draw)
        if self.clip_bytes is not None and job.kind == "video":
            data = filled(data, self.clip_bytes if self.signing is None else max(self.clip_bytes, len(data) + EMPTY))
        return Asset(data, MEDIA_TYPES[job.kind])

    def pictures(self, job: Job) -> Pictures:
        """Every variant of a job."""
        with self._lock:
            pictures = self._pictures.get(job.id)
        if pictures is None:
            pictures = Pictures(job)
            with self._lock:
                while len(self._pictures) >= self.keep:
                    self._pictures.pop(next(iter(self._pictures)))
                self._pictures[job.id] = pictures
        return pictures

    def _draw(self, job: Job) -> bytes:
        """What a job makes, before it is signed and filled up."""
        if job.kind == "video" and self.clip_bytes is not None:
            return ready_made(job)
        return self.pictures(job).video.data

    def _make(self, job: Job) -> None:
        for variant in VARIANTS:
            self.asset(job, variant)


def encode(scene: Scene, frames: int, options: Mapping[str, str], rate: int = FRAMES_PER_SECOND) -> bytes:
    """The scene as H.264 in mp4, with options of x264; raises ImportError where PyAV is not installed."""
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"threads": "1", **options})
        stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_image(scene.draw(index / frames))  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()


def _sheet(scene: Scene) -> Image.Image:
    width, height = scene.width // 2, scene.height // 2
    sheet = Image.new("RGB", (width * SHEET_COLUMNS, height * SHEET_ROWS))
    cells = SHEET_COLUMNS * SHEET_ROWS
    for cell in range(cells):
        row, column = divmod(cell, SHEET_COLUMNS)
        sheet.paste(scene.draw(cell / cells).resize((width, height)), (column * width, row * height))
    return sheet


def _save(image: Image.Image, form: str, **options: int) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


class Scene:
    """The look of one job: a drifting gradient, three orbiting bodies and a caption."""

    def __init__(self, job: Job, long_side: int = LONG_SIDE) -> None:
        random = Random(job.id)  # noqa: S311  # the same job always looks the same
        self.width, self.height = _frame_size(job, long_side)
        self._palette = random.choice(PALETTES)
        self._drift = random.choice((-1, 1))
        self._bodies = [
            (random.random(), random.choice((-2, -1, 1, 2)), random.uniform(0.12, 0.4), random.uniform(0.05, 0.16))
            for _ in range(3)
        ]
        self._background = self._gradient(random)
        self._caption = self._write(job)

    def draw(self, moment: float) -> Image.Image:
        """The frame at `moment`, from 0 to 1."""
        room = self._background.width - self.width
        at = int(room * (moment if self._drift > 0 else 1 - moment))
        frame = self._background.crop((at, 0, at + self.width, self.height))
        pen = ImageDraw.Draw(frame)
        for number, body in enumerate(self._bodies):
            pen.ellipse(self._outline(body, moment), fill=self._palette[1 + number % 2])
        bar = self.height - 4
        pen.rectangle((0, bar, int(self.width * moment), self.height), fill=self._palette[2])
        frame.paste(self._caption, (0, 0), self._caption)
        return frame

    def _outline(self, body: tuple[float, int, float, float], moment: float) -> tuple[float, float, float, float]:
        phase, turns, distance, radius = body
        angle = 2 * pi * (phase + turns * moment)
        reach = min(self.width, self.height)
        x = self.width / 2 + distance * self.width * cos(angle)
        y = self.height / 2 + distance * self.height * sin(angle)
        return (x - radius * reach, y - radius * reach, x + radius * reach, y + radius * reach)

    def _gradient(self, random: Random) -> Image.Image:
        size = (self.width * 3 // 2, self.height)
        ramp = Image.linear_gradient("L").rotate(random.choice((0, 90, 180, 270))).resize(size)
        return Image.composite(Image.new("RGB", size, self._palette[1]), Image.new("RGB", size, self._palette[0]), ramp)

    def _write(self, job: Job) -> Image.Image:
        layer = Image.new("RGBA", (self.width, self.height))
        pen = ImageDraw.Draw(layer)
        pen.rectangle((0, 0, self.width, 34), fill=(0, 0, 0, 120))
        font = ImageFont.load_default(11)
        pen.text((6, 4), job.model, font=font, fill="white")
        pen.text((6, 18), _opening(job), font=font, fill=self._palette[2])
        pen.text((6, self.height - 20), job.id[-12:], font=font, fill="white")
        return layer


def _opening(job: Job) -> str:
    """The first words of the prompt that the built-in font can write, else the size."""
    words = "".join(letter if 31 < ord(letter) < 256 else " " for letter in job.prompt).split()
    readable = " ".join(word for word in words if any(map(str.isalpha, word)))
    return readable[:44] if len(readable) > 12 else f"{job.size}, {job.seconds} s"


def _sides(job: Job) -> tuple[int, int]:
    width, height = map(int, job.size.split("x"))
    return width, height


def _frame_size(job: Job, long_side: int) -> tuple[int, int]:
    """The requested shape, with a long side of so many pixels and even sides."""
    width, height = _sides(job)
    scale = long_side / max(width, height)
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def playable(jobs: Iterable[Job], now: float) -> Iterator[Job]:
    """The jobs whose assets can be fetched at `now`."""
    return (job for job in jobs if job.is_kept(now))
