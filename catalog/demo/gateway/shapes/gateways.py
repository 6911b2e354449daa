"""The formats of the Unified API, 4All, APIMart, new-api and page-numbered gateways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.demo.gateway.shapes.view import reference, row_number, without_nulls

if TYPE_CHECKING:
    from catalog.demo.gateway.shapes.view import Body, View


def unified(view: View) -> Body:
    """The id twice, nulls left out, the output behind the key, or whole where the job is inline."""
    job, state = view.job, view.state
    address = view.signed_url if job.inline else lambda: view.content_url
    return without_nulls(
        {
            "id": view.id,
            "task_id": view.id,
            "object": "video",
            "model": job.model,
            "status": view.word,
            "progress": state.progress,
            "created_at": job.created_at,
            "seconds": job.shown_seconds,
            "size": job.size,
            "completed_at": state.completed_at,
            "expires_at": state.expires_at,
            "output_url": address() if state.status == "completed" else None,
            "error": {"message": state.error.message, "code": state.error.code} if state.error else None,
        }
    )


def fourall(view: View) -> Body:
    """The common keys with a quality, and a signed URL once the video is finished."""
    shown = reference(view)
    del shown["prompt"]
    shown.pop("metadata", None)
    shown["quality"] = "standard"
    if view.state.error:
        shown["error"] = {**view.state.error._asdict(), "type": "invalid_request_error"}
    if view.state.status == "completed":
        shown["url"] = view.signed_url()
    return shown


def apimart(view: View) -> Body:
    """A task in a wrapper, its addresses in a list in a list; the receipt of a task is a list of one."""
    if view.call == "created":
        return {"code": 200, "data": [{"status": "submitted", "task_id": view.id}]}
    state = view.state
    done = state.status == "completed"
    kind = f"{view.job.kind}s"
    task = {
        "id": view.id,
        "status": view.word,
        "progress": 100 if state.error else state.progress,
        "created": view.job.created_at,
        "completed": state.completed_at,
        "estimated_time": 300,
        "actual_time": view.job.runs_for if done else None,
        "cost": round(0.1 * float(view.job.seconds), 2) if done else None,
        "result": {kind: [{"url": view.addresses(), "expires_at": state.expires_at}]} if done else None,
        "error": {"code": 400, "message": state.error.message, "type": "task_failed"} if state.error else None,
    }
    return {"code": 200, "data": without_nulls(task)}


def newapi(view: View) -> Body:
    """`completed_at` is the last update, of running jobs too; the reason of a failure sits where URLs do."""
    job, state = view.job, view.state
    updated_at = None if state.status == "queued" else job.ends_at if state.is_terminal else view.now
    url = view.content_url if state.status == "completed" else state.error.message if state.error else None
    return without_nulls(
        {
            "id": view.id,
            "task_id": view.id,
            "object": "video",
            "model": job.model,
            "status": view.word,
            "progress": state.progress,
            "created_at": job.created_at,
            "completed_at": updated_at,
            "seconds": job.shown_seconds,
            "size": job.size,
            "remixed_from_video_id": view.remixed_from,
            "metadata": {"url": url} if url else None,
            "error": {"message": state.error.message, "code": state.error.code} if state.error else None,
        }
    )


def newapi_task(view: View) -> Body:
    """The older routes: a database row with a number for an id, in a wrapper; the prompt is the task's input."""
    job, state = view.job, view.state
    if view.call == "created":
        return {"task_id": view.id}
    row = {
        "id": row_number(view),
        "task_id": view.id,
        "action": "generate",
        "status": view.word,
        "fail_reason": state.error.message if state.error else "",
        "submit_time": job.created_at,
        "start_time": 0 if state.status == "queued" else job.created_at + job.queues_for,
        "finish_time": state.completed_at or 0,
        "progress": f"{state.progress}%",
        "properties": {"input": job.prompt, "origin_model_name": job.model},
        "data": None,
    }
    if state.status == "completed":
        row["result_url"] = view.signed_url()
    return {"code": "success", "message": "", "data": row}


def numbered(view: View) -> Body:
    """The items of page-numbered lists: a row number beside the id, words in capitals, the prompt as input."""
    job, state = view.job, view.state
    return {
        "id": row_number(view),
        "task_id": view.id,
        "created_at": job.created_at,
        "status": view.word,
        "progress": f"{state.progress}%",
        "properties": {"input": job.prompt, "size": job.size},
        "seconds": job.shown_seconds,
        "model": job.model,
        "fail_reason": state.error.message if state.error else "",
        **({"result_url": view.signed_url()} if state.status == "completed" else {}),
    }
