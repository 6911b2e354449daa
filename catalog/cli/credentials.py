"""Content Credentials: `provenance` and `trust`, and what other verbs say of checks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_refs
from catalog.cli.options import json_option, library_options, open_catalog, read_refs
from catalog.errors import NotFound, ProvenanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.api import Catalog
    from catalog.credential_reports import CredentialsChecked, Provenance, TrustListEntry, TrustUpdate

_ACTIONS = ("list", "add", "remove", "update")
_RECHECK = "`catalog provenance --check` checks again what that may move"


@click.command()
@click.argument("names", nargs=-1, metavar="[REF|FILE]...", shell_complete=complete_refs)
@click.option(
    "--manifest",
    metavar="M.c2pa",
    help="The detached manifest of a FILE; default: the one of its name beside it.",
)
@click.option("--check", "is_check", is_flag=True, help="Check files of the library now, of REFs or of a QUERY.")
@click.option("--all", "is_all", is_flag=True, help="With --check: also what cannot have moved since its last check.")
@click.option("-v", "--verbose", is_flag=True, help="Show the codes and the trust lists of each check too.")
@json_option
@library_options
def provenance(
    names: tuple[str, ...], manifest: str | None, is_check: bool, is_all: bool, verbose: bool, as_json: bool
) -> None:
    """Show the Content Credentials of videos and files.

    Shows whether the signed bytes are as they were, who signed, when and with what, what the file says of how it was
    made, and how its status has moved since it was first checked. A REF is answered from the library; a FILE is checked
    on the spot, and nothing is kept of it. No address that stands in a file is ever called at.

    With --check, files of the library are checked: those that were never checked, and those whose status may have moved
    by other trust lists, another reader, the end of a certificate, or because they could not be read. `clip.c2pa`
    beside a file counts where the file has no credentials of its own. You may stop it at any time: what was found is
    kept.

    \b
      catalog provenance studio:video_68d7512d
      catalog provenance clip.mp4 --manifest clip.c2pa
      catalog provenance --check 'model:sora* created:2026-11'
      catalog provenance --check --all
    """
    if manifest is not None and len(names) != 1:
        raise click.UsageError("--manifest goes with one FILE")
    if is_all and not is_check:
        raise click.UsageError("--all needs --check")
    if not names and not is_check:
        raise click.UsageError("name a REF or a FILE, or check files with --check")
    with open_catalog() as catalog:
        if is_check and manifest is None and not _are_named(catalog, names):
            _check(catalog, names, is_all=is_all, as_json=as_json)
            return
        shown = list(_look_up(catalog, read_refs(names), manifest, is_check=is_check))
    _show(shown, is_list=len(names) > 1 or "-" in names, verbose=verbose, as_json=as_json)


@click.command()
@click.argument("action", type=click.Choice(_ACTIONS), default=_ACTIONS[0])
@click.argument("names", nargs=-1, metavar="[FILE|NAME|URL]...")
@click.option("--name", metavar="NAME", help="With add: what to call the list; default: as it calls itself.")
@click.option(
    "--time-stamps/--signers",
    "are_time_stampers",
    default=None,
    help="With add: what all its certificates are of, where they do not say it themselves.",
)
@json_option
@library_options
def trust(action: str, names: tuple[str, ...], name: str | None, are_time_stampers: bool | None, as_json: bool) -> None:
    """List, add, remove or update trust lists.

    A trust list holds certificates of those whom it knows as signers, or as authorities that tell the time, in PEM or
    in the JSON of ETSI TS 119 602. None comes with the catalog. `update` is the only one that asks a server: it fetches
    the URLs, by default the two lists of the C2PA, or those of [trust] in catalog.toml, and again each list that was
    fetched before.

    \b
      catalog trust
      catalog trust add C2PA-TRUST-LIST.pem C2PA-TSA-TRUST-LIST.pem
      catalog trust remove "C2PA trust list"
      catalog trust update
    """
    _require_sense(action, names, name=name, is_said=are_time_stampers is not None)
    with open_catalog() as catalog:
        if action == "list":
            _show_lists(catalog.trust_lists(), as_json=as_json)
            return
        if action == "update":
            report = catalog.update_trust_lists(*names)
        else:
            report = _edit_lists(catalog, action, names, name, are_time_stampers)
    if as_json:
        render.document(report)
    for entry in report.lists:
        _say_what_became_of(entry, is_summed_up=not as_json)
    for reason in report.failed.values():
        render.complain(reason)
    if any(entry.outcome != "unchanged" for entry in report.lists):
        render.note(_RECHECK)


def _require_sense(action: str, names: Sequence[str], *, name: str | None, is_said: bool) -> None:
    """Refuse what does not go together."""
    if action != "add" and (name is not None or is_said):
        raise click.UsageError("--name, --time-stamps and --signers go with add")
    if action in {"add", "remove"} and not names:
        raise click.UsageError(f"name what to {action}: {'FILE' if action == 'add' else 'NAME'}")
    if name is not None and len(names) > 1:
        raise click.UsageError("--name goes with one FILE")
    if action == "list" and names:
        raise click.UsageError("list takes no names")


def _check(catalog: Catalog, names: Sequence[str], *, is_all: bool, as_json: bool) -> None:
    """Check the files of the library, or of the videos that match, and say what was found."""
    with render.progress() as on_progress:
        report = catalog.check_credentials(" ".join(names) or None, everything=is_all, on_progress=on_progress)
    if as_json:
        render.document(report)
    else:
        render.line(_sum_up(report))
    say_checked(report, is_summed_up=False)


def say_checked(report: CredentialsChecked, *, is_summed_up: bool = True) -> None:
    """Say what checks have found, where there were any, and why files were not checked."""
    if is_summed_up and report.checked:
        render.line(_sum_up(report))
    if report.adopted:
        files = render.amount(report.adopted, "file")
        render.note(f"{files} without a job recognized and given to their jobs: `catalog undo` takes it back")
    if report.damaged:
        files = render.amount(report.damaged, "file")
        render.note(f"Warning: the bytes of {files} are not those that came: `is:damaged` finds them")
    if report.offline:
        render.note(f"{render.amount(report.offline, 'file')} not checked: their folder cannot be reached")
    if report.reason:
        files = f" of {render.amount(report.waiting, 'file')}" if report.waiting else ""
        render.note(f"credentials{files} not checked ({report.reason})")
    elif report.waiting:
        render.note(f"credentials of {render.amount(report.waiting, 'file')} wait: `catalog provenance --check`")


def _sum_up(report: CredentialsChecked) -> str:
    if not report.checked:
        return "no credentials to check"
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(report.by_status.items()))
    moved = f"; {report.moved:,} with another status than before" if report.moved else ""
    return f"credentials of {render.amount(report.checked, 'file')} checked: {counts}{moved}"


def _are_named(catalog: Catalog, names: Sequence[str]) -> bool:
    """Whether there are names and each names a video or a file, so that they are not the words of a query."""
    return bool(names) and all(name == "-" or _is_video(catalog, name) or os.path.lexists(name) for name in names)


def _is_video(catalog: Catalog, name: str) -> bool:
    try:
        return catalog.find(name) is not None
    except NotFound as error:
        if error.ref is None:  # it is the library that is missing
            return False
        raise


def _look_up(catalog: Catalog, names: Sequence[str], manifest: str | None, *, is_check: bool) -> Iterator[Provenance]:
    """What is known of each name; one that is neither a video nor a file is complained of, and the others go on."""
    for name in names:
        try:
            if manifest is not None:
                yield catalog.check_file(name, manifest=manifest)
                continue
            if is_check and _is_video(catalog, name):
                say_checked(catalog.check_credentials(refs=[name]), is_summed_up=False)
            yield catalog.provenance(name)
        except NotFound as error:
            if Path(name).is_dir():
                render.complain(f"{name} is a folder: name the files in it")
            elif os.path.lexists(name):
                yield catalog.check_file(name)
            else:
                render.complain(f"{name} is not a file, and {error}")


def _show(shown: Sequence[Provenance], *, is_list: bool, verbose: bool, as_json: bool) -> None:
    from catalog.cli.claims import show_provenance

    if as_json:
        if shown or is_list:
            render.document(shown if is_list else shown[0])
        return
    for position, each in enumerate(shown):
        if position:
            render.gap()
        show_provenance(each, verbose=verbose)


def _edit_lists(
    catalog: Catalog, action: str, names: Sequence[str], name: str | None, are_time_stampers: bool | None
) -> TrustUpdate:
    """Add or remove what is named; what cannot be is in the report, and the others are."""
    from catalog.credential_reports import TrustUpdate

    entries, failed = [], {}
    for each in dict.fromkeys(names):
        try:
            if action == "add":
                entries.append(catalog.add_trust_list(each, name=name, are_time_stampers=are_time_stampers))
            else:
                entries.append(catalog.remove_trust_list(each))
        except ProvenanceError as error:
            failed[each] = str(error)
    return TrustUpdate(tuple(entries), failed)


def _show_lists(lists: Sequence[TrustListEntry], *, as_json: bool) -> None:
    if as_json:
        render.document(lists)
        return
    if not lists:
        render.note(
            "no trust lists yet, so every signer is unknown: `catalog trust add FILE` adds one, "
            "`catalog trust update` fetches those of the C2PA"
        )
        return
    headings = ("list", "signers", "time-stamps", "issued", "next", "added (UTC)", "from")
    rows = [
        (
            _shorten(each.name),
            f"{each.signers:,}",
            f"{each.time_stampers:,}",
            each.issued,
            each.next_update,
            render.moment(each.added_at),
            each.source,
        )
        for each in lists
    ]
    render.table(headings, rows, right=headings[1:3])
    for each in lists:
        _remark_on(each)


def _say_what_became_of(entry: TrustListEntry, *, is_summed_up: bool) -> None:
    if is_summed_up:
        counts = [render.amount(entry.signers, "signer")] if entry.signers or not entry.time_stampers else []
        counts += [f"{entry.time_stampers:,} of time-stamps"] if entry.time_stampers else []
        where = f", from {entry.source}" if entry.source else ""
        render.line((_shorten(entry.name), "name"), f": {entry.outcome}, {', '.join(counts)}{where}")
    if entry.repeated:
        stands = "stands" if entry.repeated == 1 else "stand"
        render.note(f"{render.amount(entry.repeated, 'certificate')} {stands} in it more than once, and count once")
    _remark_on(entry)


def _remark_on(entry: TrustListEntry) -> None:
    if entry.is_overdue and entry.outcome != "removed":
        render.note(f"{_shorten(entry.name)}: a new list was due on {entry.next_update}: `catalog trust update`")
    if entry.is_frozen and entry.outcome != "removed":
        render.note(f"{_shorten(entry.name)}: the list is frozen and takes in nobody new")


def _shorten(text: str) -> str:
    return render.clip(text, 60)
