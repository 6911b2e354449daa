"""The formats of hosted gateways and resellers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.demo.gateway.shapes.view import reference, without_nulls

if TYPE_CHECKING:
    from catalog.demo.gateway.shapes.view import Body, View

TICKS_PER_DOLLAR = 10_000_000_000
DOLLARS_PER_SECOND = 0.1


def openrouter(view: View) -> Body:
    """Little more than the status; a relative URL to poll; an error as plain text; outputs behind the key."""
    state = view.state
    done = state.status == "completed"
    return without_nulls(
        {
            "id": view.id,
            "polling_url": f"/v1/videos/{view.id}",
            "status": view.word,
            "generation_id": f"gen-{view.id[-8:]}" if done else None,
            "unsigned_urls": [f"{view.content_url}?index={number}" for number in range(view.job.outputs)]
            if done
            else None,
            "usage": {"cost": _cost(view), "is_byok": False} if done else None,
            "error": state.error.message if state.error else None,
        }
    )


def xai(view: View) -> Body:
    """The id in the receipt alone; costs in ticks."""
    if view.call == "created":
        return {"request_id": view.id}
    state = view.state
    if state.error:
        return {"status": view.word, "model": "", "error": state.error._asdict()}
    if state.status != "completed":
        return {"status": view.word}
    return {
        "status": view.word,
        "video": {"url": view.signed_url(), "duration": int(view.job.seconds), "respect_moderation": True},
        "model": view.job.model,
        "usage": {"cost_in_usd_ticks": int(_cost(view) * TICKS_PER_DOLLAR)},
    }


def together(view: View) -> Body:
    """The price beside the address; neither prompt nor progress."""
    shown = reference(view)
    for name in ("prompt", "progress", "metadata", "expires_at", "remixed_from_video_id"):
        shown.pop(name, None)
    if view.state.status == "completed":
        shown["outputs"] = {"cost": _cost(view), "video_url": view.signed_url()}
    return shown


def lumenfall(view: View) -> Body:
    """An output object, and an estimate of the cost among the metadata."""
    shown = reference(view)
    shown.pop("remixed_from_video_id")
    shown["output"] = (
        {"url": view.signed_url(), "content_type": "video/mp4"} if view.state.status == "completed" else None
    )
    executed = {"model": view.job.model, "executed_model": f"openai/{view.job.model}", "provider": "openai"}
    shown["metadata"] = {**executed, "cost_estimate": _cost(view), "cost_currency": "USD"}
    return shown


def ofox(view: View) -> Body:
    """A receipt with an absolute URL to poll, then an address that lasts a day."""
    receipt = {"id": view.id, "status": view.word, "polling_url": view.content_url.removesuffix("/content")}
    if view.call == "created":
        return receipt
    state = view.state
    shown = {
        **receipt,
        "model": view.job.model,
        "created_at": view.job.created_at,
        "completed_at": state.completed_at,
        "expires_at": state.expires_at,
        "video_url": view.signed_url() if state.status == "completed" else None,
        "error": state.error._asdict() if state.error else None,
    }
    return without_nulls(shown)


def evolink(view: View) -> Body:
    """A task with its addresses in a list; a failed one does not say why."""
    job, state = view.job, view.state
    shown = {
        "id": view.id,
        "object": "video.generation.task",
        "created": job.created_at,
        "model": job.model,
        "status": view.word,
        "progress": state.progress,
        "type": "video",
        "task_info": {"can_cancel": not state.is_terminal, "video_duration": int(job.seconds)},
        "usage": {"billing_rule": "per_call", "credits_reserved": 7, "user_group": "default"},
    }
    return {**shown, "results": view.addresses()} if state.status == "completed" else shown


def _cost(view: View) -> float:
    return round(DOLLARS_PER_SECOND * float(view.job.seconds), 2)
