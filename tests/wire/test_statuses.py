"""Every word servers use for a state."""

from __future__ import annotations

import pytest

from catalog.records import TERMINAL_STATUSES
from catalog.wire.states import STATUSES, canonical_status

WORDS = {
    "queued": "queued pending submitted NOT_START NotStarted created starting preparing initializing "
    "IN_QUEUE inqueue InQueue Queueing queuing THROTTLED waiting TASK_STATUS_QUEUED JOB_STATE_PENDING scheduled",
    "in_progress": "in_progress in-progress processing running generating postprocessing preprocessing archiving "
    "dreaming InProgress RUN TASK_STATUS_PROCESSING JOB_STATE_RUNNING rendering",
    "completed": "completed complete success SUCCESS succeeded done Finished "
    "succeed SUCCEED TASK_STATUS_SUCCEED JOB_STATE_SUCCEEDED OK finish",
    "failed": "failed failure FAILURE fail error FAIL TASK_STATUS_FAILED TIMED_OUT ERROR rejected",
    "cancelled": "cancelled canceled CANCELED JOB_STATE_CANCELLED aborted",
    "expired": "expired",
    "deleted": "deleted",
    "unknown": "unknown banana TASK_STATUS_UNKNOWN JOB_STATE_UNSPECIFIED status_ _ 状态",
}


@pytest.mark.parametrize(("word", "status"), [(word, status) for status in WORDS for word in WORDS[status].split()])
def test_every_word_has_its_status(word: str, status: str) -> None:
    assert canonical_status(word) == status


@pytest.mark.parametrize("word", [" Completed ", "COMPLETED", "completed\n"])
def test_case_and_margins_do_not_matter(word: str) -> None:
    assert canonical_status(word) == "completed"


def test_a_blank_word_is_unknown() -> None:
    assert canonical_status("  ") == "unknown"


def test_every_terminal_status_is_one_of_ours() -> None:
    assert set(STATUSES) >= TERMINAL_STATUSES
