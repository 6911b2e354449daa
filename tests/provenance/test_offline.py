"""Checks open no connection: by a server that every address in a manifest leads to, and by what the kernel is asked."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from catalog.provenance import check_file, check_files, reader
from catalog.provenance.authority import CREATED, sign
from tests.signed import CLIP, MP4, Signed, alter_media

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Write = Callable[..., Path]

CHECKS = """
import sys
from pathlib import Path
from catalog.provenance import Target, check_file, check_files
paths = [Path(name) for name in sys.argv[1:]]
found = {check_file(path).status for path in paths}
found |= {checked.check.status for checked in check_files(paths, workers=2)}
print(*sorted(found))
"""


class Doorbell(ThreadingHTTPServer):
    """A server on the loopback address that counts whoever connects."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self.rings = 0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def verify_request(self, request: Any, client_address: Any) -> bool:
        self.rings += 1
        return False


@contextmanager
def ringing() -> Iterator[Doorbell]:
    with Doorbell() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def make_clips(signed: Signed, address: str) -> dict[str, bytes]:
    """Clips that name an address wherever a manifest, a certificate or a file can."""
    url = f"http://{address}/store.c2pa"
    points = [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)]
    methods = (x509.AuthorityInformationAccessOID.OCSP, x509.AuthorityInformationAccessOID.CA_ISSUERS)
    access = [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method in methods]
    signer = signed.authority.signer(
        extensions=[x509.AuthorityInformationAccess(access), x509.CRLDistributionPoints(points)]
    )
    reference = {"url": url, "hash": "4oRUfE9Il3wGmcQAu4DhSC9bV4xUXzEPaYGHOqTbZ9c=", "alg": "sha256"}
    identity = {"verifiableCredential": {"issuer": f"did:web:{address.replace(':', '%3A')}"}, "url": url}
    definition = {
        "claim_generator_info": [{"name": url, "version": url}],
        "title": url,
        "assertions": [
            *CREATED["assertions"],
            {"label": "c2pa.external-reference", "data": {"location": reference}},
            {"label": "c2pa.soft-binding", "data": {"alg": url, "url": url, "blocks": []}},
            {"label": "c2pa.asset-ref", "data": {"references": [{"reference": {"uri": url}}]}},
            {"label": "com.example.identity", "data": identity},
            {"label": "stds.schema-org.CreativeWork", "data": {"@context": url, "@type": "CreativeWork", "url": url}},
        ],
    }
    part = {"title": url, "relationship": "componentOf", "informational_URI": url, "instance_id": url}
    embedded, _ = sign(CLIP, MP4, signer, definition, ingredients=[(part, MP4, CLIP)], remote_url=url)
    remote, _ = sign(CLIP, MP4, signer, definition, remote_url=url, is_embedded=False)
    child, _ = sign(CLIP, MP4, signer, definition, ingredients=[(part, MP4, embedded)])
    return {"embedded.mp4": embedded, "remote.mp4": remote, "child.mp4": child, "changed.mp4": alter_media(embedded)}


def test_no_address_in_a_manifest_is_called_at(signed: Signed, write: Write) -> None:
    with ringing() as server:
        clips = make_clips(signed, server.address)
        assert all(server.address.encode() in data for data in clips.values())
        paths = [write(data, name) for name, data in clips.items()]
        statuses = [check_file(path, profile=signed.profile).status for path in paths]
        assert statuses == ["intact_known_signer", "remote_only", "intact_known_signer", "changed"]
        assert len(list(check_files(paths, profile=signed.profile))) == 4
        assert server.rings == 0
        c2pa = reader.load()
        with c2pa.Context.from_dict({}) as careless, pytest.raises(c2pa.C2paError):  # the bell rings
            c2pa.Reader(MP4, io.BytesIO(clips["remote.mp4"]), context=careless)
        assert server.rings > 0


def trace(program: str, paths: list[str], log: Path) -> tuple[list[str], list[str]]:
    """The network system calls of a program and its children, and the words that it prints."""
    if shutil.which("strace") is None:
        pytest.skip("what the kernel is asked is seen with strace: apt-get install strace")
    command = ["strace", "-f", "-e", "trace=network", "-o", str(log), sys.executable, "-c", program, *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr and done.returncode:
        pytest.skip(f"strace must not trace here: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr[-2000:]
    calls = [line for line in log.read_text().splitlines() if "+++" not in line and "---" not in line]
    return calls, done.stdout.split()


def test_the_kernel_is_asked_for_no_network(signed: Signed, write: Write, tmp_path: Path) -> None:
    paths = [str(write(data, name)) for name, data in make_clips(signed, "127.0.0.1:9").items()]
    calls, statuses = trace(CHECKS, paths, tmp_path / "log")
    assert calls == []
    assert statuses == ["changed", "intact_unknown_signer", "remote_only"]
    assert trace("import socket; socket.socket().close()", [], tmp_path / "log")[0]  # it would be seen


def test_the_kernel_is_asked_for_no_network_by_the_reference_set(shared: Path, tmp_path: Path) -> None:
    folder = shared / "c2pa-fixtures"
    names = json.loads((folder / "EXPECTED.json").read_text(encoding="utf-8"))["files"]
    calls, statuses = trace(CHECKS, [str(folder / name) for name in names], tmp_path / "log")
    assert calls == []
    assert len(statuses) == 9  # all but the one that takes a list
