"""The states of a job: which keys tell one, and which of the catalog's eight words each server's word means. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# The catalog's states, each with the words that servers use for it, without case and without anything between letters.
_WORDS_OF = {
    "queued": "queued queue queueing queuing inqueue enqueued pending submitted submitting notstart notstarted created "
    "starting preparing prepared initializing initialising initialized initialised waiting wait throttled scheduled "
    "accepted staged new received standby",
    "in_progress": "inprogress processing process running run generating postprocessing preprocessing archiving "
    "dreaming rendering executing working started active ongoing doing progressing uploading downloading encoding "
    "transcoding upscaling finalizing finalising retrying polling saving moderating",
    "completed": "completed complete success succeeded succeed successful done finished finish ok ready",
    "failed": "failed failure fail error errored rejected refused blocked moderated banned filtered denied invalid "
    "crashed timeout timedout unsuccessful",
    "cancelled": "cancelled canceled cancel aborted abort stopped terminated revoked killed",
    "expired": "expired expire",
    "deleted": "deleted removed",
    "unknown": "unknown none null undefined unspecified",
}
STATUSES = tuple(_WORDS_OF)
_STATUS_OF = {word: status for status, words in _WORDS_OF.items() for word in words.split()}

_SUBJECTS = ("", "task_", "job_", "video_", "generation_", "prediction_", "run_")
STATE_KEYS = tuple(f"{subject}{word}" for word in ("status", "state") for subject in _SUBJECTS)
_PREFIX = re.compile(r"(?:[a-z]+_){0,3}(?:status|state)_")
_LONGEST_WORD = 64

_FLAG = "success_flag"  # kie.ai: 0 is running, 1 is done, 2 and 3 have failed
_FLAGS = {0: "in_progress", 1: "completed", 2: "failed", 3: "failed"}
_DONE_KEYS = ("done", "is_done", "finished", "is_finished", "is_completed")
FLAG_KEYS = (_FLAG, *_DONE_KEYS)


@lru_cache(maxsize=512)
def _canonical(word: str) -> str | None:
    word = word.strip().lower()
    prefix = _PREFIX.match(word)
    return _STATUS_OF.get(_letters(word)) or (_STATUS_OF.get(_letters(word[prefix.end() :])) if prefix else None)


def _letters(word: str) -> str:
    return re.sub(r"[\W_]+", "", word)


def canonical_status(word: str) -> str:
    """The catalog's word for a server's, whatever its case, separators or prefix; `unknown` for any other word."""
    return (_canonical(word) if len(word) <= _LONGEST_WORD else None) or "unknown"


def is_understood(word: str) -> bool:
    """Whether the word is one that somebody taught us, `unknown` included."""
    return len(word) <= _LONGEST_WORD and _canonical(word) is not None


def find_state_key(job: Mapping[str, Any]) -> str | None:
    """The key, in snake case, with the word for the job's state: the first whose word is understood, else the first."""
    keys = [key for key in STATE_KEYS if type(job.get(key)) is str and not job[key].isspace() and job[key]]
    return next((key for key in keys if canonical_status(job[key]) != "unknown"), keys[0] if keys else None)


class Flag(NamedTuple):
    """A key whose value tells the state without a word, and the state."""

    key: str
    status: str


def find_flag(job: Mapping[str, Any]) -> Flag | None:
    """The flag of a job object whose keys are in snake case; None where there is none."""
    flag = job.get(_FLAG)
    if type(flag) is int and flag in _FLAGS:
        return Flag(_FLAG, _FLAGS[flag])
    key = next((key for key in _DONE_KEYS if type(job.get(key)) is bool), None)
    return None if key is None else Flag(key, "completed" if job[key] else "in_progress")
