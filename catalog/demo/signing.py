"""Signed media for the sample: Content Credentials by an authority that is made for one folder and thrown away with it.

Drawing a clip twice gives the same bytes, signing it does not: labels, salts and signatures are new each time. So what
was signed is kept in the folder, with the authority's key, and the same job has the same bytes on every run there; a
remix names the bytes of its parent that anybody got. Whoever can read the folder can sign in the authority's name.

A clip is signed when it is first asked for, its ancestors before it. Each manifest store holds those of its ancestors:
7 kB each, and signing takes longer with every one. Every GENERATIONS-th descendant therefore names its parent without
the parent's manifests, as does one whose parent the server does not know.
"""

from __future__ import annotations

import hashlib
import io
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from catalog.demo.credentials import MEDIA_TYPES, describe, describe_parent, describe_upload
from catalog.disk import create, make_folder, put_in_place
from catalog.errors import CatalogError
from catalog.media.boxes import list_boxes
from catalog.media.sniff import HEAD
from catalog.provenance import kinds, proving, reader
from catalog.provenance.authority import Authority, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from catalog.demo.gateway.bodies import Upload
    from catalog.demo.gateway.jobs import Job

    Ingredient = tuple[Mapping[str, Any], bytes | None]

ORGANISATION = "Sample Video (demo)"
GENERATIONS = 12
KEY_FILE = "authority.key"
ROOT_FILE = "demo-authority.pem"
VALID_FOR = timedelta(days=3650)
VALID_SINCE = timedelta(days=90)  # before the oldest of the sample's jobs
LONGEST_LIFE = 64  # seconds of a certificate that is to end at once; a busy machine signs within them


def find_fault() -> str | None:
    """Why nothing can be signed here; None where it can."""
    try:
        proving.require_proof()
    except (reader.ReaderMissing, proving.NotProven) as error:
        return str(error)
    return None


class Signing:
    """Signs what jobs made, and keeps it in `folder`, which is made if it is missing.

    `find` gives the job with an id, or None. Raises CatalogError where the folder's authority cannot be read, or where
    nothing can be signed here.
    """

    def __init__(self, folder: Path, find: Callable[[str], Job | None]) -> None:
        if fault := find_fault():
            raise CatalogError(f"clips cannot be signed: {fault}")
        make_folder(folder)
        self._folder = folder
        self._find = find
        self._authority = _open_authority(folder / KEY_FILE)
        now = datetime.now(UTC)
        self._signer = self._authority.signer("Sample signer", valid=(now - VALID_SINCE, now + VALID_FOR))
        self._depths: dict[str, int] = {}
        self._lock = threading.Lock()

    def write_root(self, folder: Path) -> Path:
        """Write the certificate by which a trust list knows the signer, in PEM, and return its file."""
        path = folder / ROOT_FILE
        path.write_text(self._authority.root, encoding="utf-8")
        return path

    def sign(self, job: Job, draw: Callable[[Job], bytes]) -> bytes:
        """The clip or picture of a job as it is served: signed, unless the job's plan says otherwise.

        `draw` makes it, and those of its ancestors.
        """
        if job.credentials == "stripped":
            return draw(job)
        with self._lock:
            for each in reversed(list(self._list_unsigned(job))):
                self._keep(each, self._sign(each, draw(each)))
        signed = self._path(job).read_bytes()
        return _alter(signed) if job.credentials == "altered" else signed

    def _list_unsigned(self, job: Job | None) -> Iterator[Job]:
        """The job and those of its ancestors whose signed bytes it needs and that are not there yet."""
        while job is not None and not self._path(job).exists():
            yield job
            job = self._find_parent(job)

    def _find_parent(self, job: Job) -> Job | None:
        """The job whose signed bytes are an ingredient of this one."""
        if job.parent is None or self._measure_depth(job) % GENERATIONS == 0:
            return None
        return self._find(job.parent)

    def _measure_depth(self, job: Job) -> int:
        """How many ancestors a job has; one of a circle counts from where it was entered."""
        line: dict[str, None] = {}
        ancestor: Job | None = job
        while ancestor is not None and ancestor.id not in line and ancestor.id not in self._depths:
            line[ancestor.id] = None
            ancestor = self._find(ancestor.parent) if ancestor.parent is not None else None
        known = self._depths.get(ancestor.id, -1) if ancestor is not None else -1
        self._depths.update((each, depth) for depth, each in enumerate(reversed(line), known + 1))
        return self._depths[job.id]

    def _sign(self, job: Job, data: bytes) -> bytes:
        ingredients = list(self._list_ingredients(job))
        try:
            return self._sign_with(job, data, ingredients)
        except reader.load().C2paError:
            if job.upload is None:
                raise
        return self._sign_with(job, data, [(description, None) for description, _ in ingredients])

    def _sign_with(self, job: Job, data: bytes, ingredients: list[Ingredient]) -> bytes:
        definition = describe(job, [description for description, _ in ingredients])
        definition["ingredients"] = [description for description, content in ingredients if content is None]
        whole = [(description, content) for description, content in ingredients if content is not None]
        make = partial(
            sign,
            data,
            MEDIA_TYPES[job.kind],
            definition=definition,
            ingredients=[(description, description["format"], content) for description, content in whole],
        )
        return self._sign_and_outlive(make) if job.credentials == "expired" else make(self._signer)[0]

    def _list_ingredients(self, job: Job) -> Iterator[Ingredient]:
        """What a job was made from; without the bytes where its manifests are not taken in."""
        if job.parent is not None:
            parent = self._find_parent(job)
            if parent is None:
                yield describe_parent(job.parent), None
            else:
                yield describe_parent(parent.id, parent.kind), self._path(parent).read_bytes()
        if job.upload is not None:
            yield _read_upload(job.upload)

    def _sign_and_outlive(self, make: Callable[[Any], tuple[bytes, bytes]]) -> bytes:
        """What is made with a certificate that has ended since: nobody can sign with one that has ended already."""
        lifetime = 1
        while True:
            end = (datetime.now(UTC) + timedelta(seconds=lifetime + 1)).replace(microsecond=0)
            signer = self._authority.signer("Sample signer, until then", valid=(end - VALID_SINCE, end))
            try:
                signed, _ = make(signer)
            except reader.load().C2paError:
                if lifetime > LONGEST_LIFE:
                    raise
                lifetime *= 2
            else:
                time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 1))
                return signed

    def _path(self, job: Job) -> Path:
        return self._folder / hashlib.blake2b(job.id.encode(), digest_size=24).hexdigest()

    def _keep(self, job: Job, signed: bytes) -> None:
        path = self._path(job)
        part = path.with_suffix(".part")
        part.write_bytes(signed)
        put_in_place(part, path)


def _open_authority(path: Path) -> Authority:
    """The authority whose key is in a file, which is made if it is missing."""
    if path.exists():
        try:
            return Authority(organisation=ORGANISATION, pem=path.read_bytes())
        except (OSError, ValueError, TypeError) as error:  # the last for a key with a password
            raise CatalogError(f"{path} is damaged: remove the folder {path.parent}") from error
    authority = Authority("Sample authority", ORGANISATION)
    part = path.with_suffix(".part")
    with suppress(FileExistsError):
        create(part)
    part.write_text(authority.dump(), encoding="utf-8")
    put_in_place(part, path)
    return authority


def _read_upload(upload: Upload) -> Ingredient:
    """What came with a request, which may be anything; without the bytes where it is of a kind that has no manifest."""
    try:
        file_format = kinds.name_format(upload.data[:HEAD], upload.name)
    except kinds.Unsupported:
        return describe_upload(upload.name, upload.content_type), None
    return describe_upload(upload.name, file_format or upload.content_type), upload.data


def _alter(clip: bytes) -> bytes:
    """The clip with a bit turned over in the last byte of its pictures; it plays all the same."""
    end = next(box.end for box in list_boxes(io.BytesIO(clip)) if box.kind == b"mdat")
    return clip[: end - 1] + bytes([clip[end - 1] ^ 1]) + clip[end:]
