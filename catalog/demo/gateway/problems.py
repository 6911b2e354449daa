"""What is wrong with a request, and how each family of servers words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Problem(Exception):
    """A request that is answered with an HTTP error."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)


def missing(param: str) -> Problem:
    """A required parameter is missing."""
    message = f"Missing required parameter: '{param}'."
    return Problem(400, message, param, "missing_required_parameter")


def invalid(param: str, value: object, expected: str, code: str = "invalid_value") -> Problem:
    """A parameter has a value that is not expected."""
    shown = repr(value)
    return Problem(400, f"Invalid value for '{param}': {shown[:80]}. Expected {expected}.", param, code)


def not_found(video_id: str) -> Problem:
    """No job has this id."""
    return Problem(404, f"Video with id '{video_id[:120]}' not found.", code="video_not_found")


Body = dict[str, Any]
ErrorShape = Callable[[Problem], Body]


def openai_error(problem: Problem) -> Body:
    """The envelope most servers imitate."""
    return {"error": {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.code}}


def unified_error(problem: Problem) -> Body:
    """A message and, where there is one, a code."""
    return {"error": {"message": problem.message, **({"code": problem.code} if problem.code else {})}}


FOURALL_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def fourall_error(problem: Problem) -> Body:
    """Like the common envelope, with a type for each kind of refusal."""
    kind = FOURALL_KINDS.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    return {"error": {"message": problem.message, "type": kind, "code": problem.code or "invalid_parameter"}}


def apimart_error(problem: Problem) -> Body:
    """The HTTP status again, as the code."""
    kind = FOURALL_KINDS.get(problem.status, problem.kind)
    return {"error": {"code": problem.status, "message": problem.message, "type": kind}}


def newapi_error(problem: Problem) -> Body:
    """A wrapper without data for an unknown task, the common envelope without a code for the rest."""
    if problem.code == "video_not_found":
        return {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    return {"error": {"message": problem.message, "type": problem.kind}}


def litellm_error(problem: Problem) -> Body:
    """The common envelope with the HTTP status as the text of the code."""
    return {
        "error": {
            "message": f"litellm.APIError: {problem.message}",
            "type": problem.kind,
            "param": problem.param,
            "code": str(problem.status),
        }
    }


def numbered_error(problem: Problem) -> Body:
    """The common envelope with the HTTP status as an integer code."""
    return {"error": {"message": problem.message, "type": problem.kind, "param": problem.param, "code": problem.status}}


def detail_error(problem: Problem) -> Body:
    """What web frameworks answer by default."""
    return {"detail": problem.message}


def bifrost_error(problem: Problem) -> Body:
    """A wrapper that names the gateway."""
    return {"is_bifrost_error": True, "status_code": problem.status, "error": {"message": problem.message}}
