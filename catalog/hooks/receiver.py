"""The receiver as a whole: its secrets, its server, and the thread that follows up deliveries."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.errors import ConfigError
from catalog.hooks import DEFAULT_PORT, DEFAULT_SECRET_ENV
from catalog.hooks.checker import Checker
from catalog.hooks.downloader import Downloader
from catalog.hooks.inbox import Inbox
from catalog.hooks.listener import KEEP_SECONDS, READ_SECONDS, receive_requests
from catalog.hooks.remarks import Remarks
from catalog.hooks.retriever import Retriever, growing_pause
from catalog.redaction import know_secrets
from catalog.serving import serve_at
from catalog.wire.webhooks import signing_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from catalog.client.client import Client
    from catalog.credential_reports import CredentialsChecked
    from catalog.database import Database
    from catalog.download.run import Download
    from catalog.serving import RunningServer

END_SECONDS = 1.0  # granted to what the thread is doing when the receiver ends


class Receiver(NamedTuple):
    """A running receiver: `url`, under which `/webhook` takes deliveries, and `stop`, which ends it from any thread."""

    url: str
    stop: Callable[[], None]


def read_secrets(
    names: Iterable[str] = (DEFAULT_SECRET_ENV,), environment: Mapping[str, str] = os.environ
) -> list[str]:
    """The webhook secrets in these environment variables; raises ConfigError, which names the variable at fault."""
    secrets = []
    for name in names:
        secret = environment.get(name, "").strip()
        if not secret:
            raise ConfigError(f"the environment variable {name} is not set: put the webhook secret in it")
        try:
            signing_key(secret)
        except ConfigError as error:
            raise ConfigError(f"environment variable {name}: {error}") from error
        secrets.append(secret)
    return secrets


def serve_hooks(
    database: Database,
    source: str,
    client_factory: Callable[[], Client],
    secrets: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    words: Mapping[str, Any] | None = None,
    prepare: Callable[[], object] | None = None,
    on_ready: Callable[[Receiver], None] | None = None,
    on_event: Callable[[str], None] | None = None,
    now: Callable[[], datetime] | None = None,
    parallel: int = 4,
    pause: Callable[[int], float] = growing_pause,
    read_seconds: float = READ_SECONDS,
    keep_seconds: float = KEEP_SECONDS,
    max_senders: int | None = None,
    download: Callable[[], Download] | None = None,
    check: Callable[[Callable[[], bool]], CredentialsChecked] | None = None,
) -> None:
    """Receive the webhooks of a source until the receiver is stopped or the program is interrupted.

    Port 0 picks a free one. `words` are the user's additions to the vocabulary that prompts are read with. Once the
    port is taken, `prepare` makes the library ready and `on_ready` is called with the running receiver, both in another
    thread; what arrives before that is to be delivered again. `on_event` is called with a line about each event, in a
    thread of its own: while it fails or hangs, lines are lost and nothing else. At most `parallel` jobs are asked for
    at a time; `pause` returns the seconds until the next attempt at a job, by the number of attempts so far. A delivery
    must arrive as a whole within `read_seconds`, and is to be delivered again where the library is busy for
    `keep_seconds`; at most `max_senders` are connected, by default as many as the process may have files open for.
    `download` makes a download of what is wanted: one is run in the beginning, and after each job that has ended.
    `check` checks the Content Credentials of files that are due, until its argument says that it is stopped: in the
    beginning, after each job that has ended, and after each download.
    Raises ConfigError for a secret or an address that cannot be used, before `prepare` is called.
    """
    if not [signing_key(secret) for secret in secrets]:
        raise ConfigError("no webhook secret is configured: deliveries cannot be verified")
    know_secrets(*secrets)

    clock = now or (lambda: datetime.now(UTC))
    with client_factory() as client, Remarks(on_event or (lambda _: None)) as remarks:
        checker = Checker(check, remarks.tell) if check else None
        check_soon = checker.wake if checker else lambda: None
        downloader = Downloader(download, remarks.tell, check_soon) if download else None
        retriever = Retriever(
            database,
            source,
            client,
            parallel=parallel,
            words=words,
            now=clock,
            pause=pause,
            tell=remarks.tell,
            on_ended=downloader.wake if downloader else check_soon,
        )
        workers = [worker for worker in (retriever, downloader, checker) if worker is not None]
        threads = [threading.Thread(target=worker.run, name="catalog-hooks", daemon=True) for worker in workers]

        def wake() -> None:
            for worker in workers:
                worker.wake()

        inbox = Inbox(database, source, secrets, clock, remarks.tell, on_new=wake)

        def announce(server: RunningServer) -> None:
            if prepare is not None:
                prepare()
            for thread in threads:
                thread.start()
            if on_ready is not None:
                on_ready(Receiver(server.url, server.stop))

        try:
            answer = receive_requests(inbox.receive, read_seconds, keep_seconds, max_senders)
            serve_at(host, port, answer, announce)
        finally:
            for worker in workers:
                worker.stop()
            client.interrupt()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(END_SECONDS)
