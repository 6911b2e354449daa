"""The calls of the Videos API, answered: what the routes of a gateway lead to.

A desk knows jobs, a clock and a dialect, and no sockets. Every call takes the request and the raw ids in its path, and
returns the answer or raises a Problem.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from catalog.demo.gateway import orders
from catalog.demo.gateway.bodies import read_params
from catalog.demo.gateway.jobs import Character, Failure, Job, Jobs, State
from catalog.demo.gateway.listing import envelope, read_page
from catalog.demo.gateway.problems import Problem, invalid, not_found
from catalog.demo.gateway.ranges import file_answer
from catalog.demo.gateway.serving import Answer, Request
from catalog.demo.gateway.shapes import Call, View
from catalog.demo.media import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.demo.gateway.dialects import Dialect
    from catalog.demo.gateway.faults import Faults
    from catalog.demo.media import Media

PREFIX = "/v1"
FILES = {"video": "/files/{id}/{number}.mp4", "image": "/files/{id}/{number}.png"}
BLOCKED = Failure("moderation_blocked", "Your request was blocked by our moderation system.")
NO_HEADERS: Mapping[str, str] = {}
_ITEMS = "\0items"


class Desk:
    """Answers calls about `jobs` as `dialect` does; the addresses in its answers lead to `origin`, signed
    ones to `files_origin`.

    A new job is queued for `queues_for` and runs for `runs_for` seconds.
    """

    def __init__(
        self, jobs: Jobs, dialect: Dialect, *, key: str, media: Media, faults: Faults, queues_for: int, runs_for: int
    ) -> None:
        self.jobs = jobs
        self.dialect = dialect
        self.media = media
        self.faults = faults
        self.queues_for = queues_for
        self.runs_for = runs_for
        self.origin = self.files_origin = ""
        self._secret = key.encode()
        self._shown: dict[tuple[Call, str], bytes] = {}

    def refuse(self, problem: Problem) -> Answer:
        """An error as the dialect words it."""
        is_unknown = problem.code == "video_not_found" and problem.status == 404
        status = self.dialect.unknown_status if is_unknown else problem.status
        return _json(self.dialect.error(problem), status, problem.headers)

    def list_videos(self, request: Request) -> Answer:
        """A page of the list."""
        page = read_page(self.jobs, request.query, self.dialect, self.faults.lists)
        items = b"[" + b",".join([self._show(job, "listed") for job in page.jobs]) + b"]"
        wrapped = envelope(page, self.dialect, _ITEMS, lambda job: self.dialect.write_id(job.id, "listed"))
        return _json(_dump(wrapped).replace(_dump(_ITEMS), items, 1))

    def create(self, request: Request) -> Answer:
        """A new job."""
        return self._take(orders.read_creation(self._params(request), self.dialect, self.jobs))

    def remix(self, request: Request, video_id: str) -> Answer:
        """A new job made of a finished one; its answers cite the source."""
        params = self._params(request)
        return self._take(orders.read_remix(params, orders.finished(video_id, self.jobs)))

    def edit(self, request: Request) -> Answer:
        """A new job that changes a finished or an uploaded video; its answers do not say which."""
        return self._take(orders.read_edit(self._params(request), self.dialect, self.jobs))

    def extend(self, request: Request) -> Answer:
        """A new job that continues a video; its answers do not say which."""
        return self._take(orders.read_extension(self._params(request), self.dialect, self.jobs))

    def retrieve(self, _request: Request, video_id: str) -> Answer:
        """A job in its present state."""
        job = self._find(video_id)
        has_failed = job.at(self.jobs.clock()).status == "failed"
        status = self.dialect.failed_status if has_failed else 200
        return _json(self._show(job, "retrieved"), status, self._poll_headers(job))

    def delete(self, _request: Request, video_id: str) -> Answer:
        """Delete a job that has finished or failed."""
        if not self._find(video_id).at(self.jobs.clock()).is_terminal:
            raise Problem(400, "Only completed or failed videos can be deleted.", code="video_not_finished")
        self.jobs.remove(video_id)
        return _json({"id": self.dialect.write_id(video_id, "retrieved"), "object": "video.deleted", "deleted": True})

    def send_content(self, request: Request, video_id: str) -> Answer:
        """The bytes of one variant, or a range of them."""
        job = self._find(video_id)
        habit = self.dialect.variants
        variant = (request.query.get("variant") if habit == "named" else None) or "video"
        if variant not in VARIANTS:
            raise invalid("variant", variant, f"one of {', '.join(VARIANTS)}")
        return self._send(job, variant, request.query.get("variant" if habit == "index" else "index", "0"))

    def send_file(self, request: Request, video_id: str, number: str) -> Answer:
        """The bytes behind a signed address, which needs no key, cannot be altered, and works for some time."""
        job = self._find(video_id)
        expires = request.query.get("Expires", "")
        if request.query.get("Signature") != self._sign(job, number, expires):
            raise Problem(403, "The signature does not match.", code="SignatureDoesNotMatch")
        if int(expires) <= self.jobs.clock():
            raise Problem(self.dialect.expired_status, "Request has expired.", code="AccessDenied")
        return self._send(job, "video", number)

    def create_character(self, request: Request) -> Answer:
        """A new character, from a name and a clip."""
        name = orders.read_character(self._params(request))
        character = Character(f"char_{token_hex(12)}", name, int(self.jobs.clock()))
        self.jobs.characters[character.id] = character
        return _json({"object": "character", **character._asdict()})

    def retrieve_character(self, _request: Request, character_id: str) -> Answer:
        """A character."""
        character = self.jobs.characters.get(character_id)
        if character is None:
            raise Problem(404, f"Character with id '{character_id[:120]}' not found.", code="character_not_found")
        return _json({"object": "character", **character._asdict()})

    def _params(self, request: Request) -> dict[str, Any]:
        return read_params(request, self.dialect.accepts)

    def _find(self, video_id: str) -> Job:
        job = self.jobs.find(video_id)
        if job is None:
            raise not_found(video_id)
        return job

    def _take(self, order: orders.Order) -> Answer:
        """The new job that an order makes."""
        job = Job(
            id=f"video_{token_hex(24)}",
            created_at=int(self.jobs.clock()),
            queues_for=self.queues_for,
            runs_for=self.runs_for,
            failure=BLOCKED if self.faults.spend("failing_jobs") else None,
            **order._asdict(),
        )
        self.jobs.add(job)
        return _json(self._show(job, "created"), self.dialect.created_status, self._poll_headers(job))

    def _poll_headers(self, job: Job) -> Mapping[str, str]:
        wait = self.dialect.polls_after_ms
        if wait is None or job.at(self.jobs.clock()).is_terminal:
            return NO_HEADERS
        return {"openai-poll-after-ms": str(wait)}

    def _send(self, job: Job, variant: str, number: str) -> Answer:
        now = self.jobs.clock()
        state = job.at(now)
        if state.status != "completed":
            message = f"Video is not ready yet, its status is {state.status}."
            raise Problem(self.dialect.not_ready_status, message, code="video_not_ready")
        if not job.is_kept(now):
            raise Problem(404, "The assets of this video have expired.", code="video_expired")
        if number not in map(str, range(job.outputs)) or (job.kind == "image" and variant == "spritesheet"):
            raise Problem(404, "This video has no such asset.", code="asset_not_found")
        asset = self.media.asset(job, variant, int(number))
        return file_answer(asset.data, asset.content_type, job.ends_at)

    def _show(self, job: Job, call: Call) -> bytes:
        """The JSON of a job; that of a finished one is kept, since it no longer changes."""
        body = self._shown.get((call, job.id))
        if body is not None:
            return body
        now = self.jobs.clock()
        state = job.at(now, renews=call == "retrieved")
        body = _dump(self.dialect.show(self._view(job, state, call, int(now))))
        if state.is_terminal and self.dialect.remembers_creation and job.address_lasts is None:
            self._shown[call, job.id] = body
        return body

    def _view(self, job: Job, state: State, call: Call, now: int) -> View:
        row = self.dialect
        shown_id = row.write_id(job.id, call)
        return View(
            job=job,
            state=state,
            call=call,
            now=now,
            id=shown_id,
            remixed_from=row.cite_id(job.remixed_from) if job.remixed_from else None,
            word=row.words.get(state.status, state.status),
            content_url=f"{self.origin}{PREFIX}/videos/{shown_id}/content",
            addresses=lambda: [self._address(job, number, str(state.expires_at)) for number in range(job.outputs)],
        )

    def _address(self, job: Job, number: int, expires: str) -> str:
        """Where one output is: a signed address, or the bytes themselves as a `data:` URL."""
        if job.inline:
            asset = self.media.asset(job, "video", number)
            return f"data:{asset.content_type};base64,{b64encode(asset.data).decode()}"
        path = FILES[job.kind].format(id=job.id, number=number)
        return f"{self.files_origin}{path}?Expires={expires}&Signature={self._sign(job, str(number), expires)}"

    def _sign(self, job: Job, number: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{job.id} {number} {expires}".encode(), hashlib.sha256).hex()[:32]


def _json(body: object, status: int = 200, headers: Mapping[str, str] = NO_HEADERS) -> Answer:
    return Answer(status, body if isinstance(body, bytes) else _dump(body), headers=headers)


def _dump(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
