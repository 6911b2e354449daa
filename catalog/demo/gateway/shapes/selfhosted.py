"""The formats of proxies and of servers that people run themselves: the reference format with habits of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.demo.gateway.shapes.view import openai, reference

if TYPE_CHECKING:
    from catalog.demo.gateway.shapes.view import Body, View


def litellm(view: View) -> Body:
    """The prompt in lists only, and the usage everywhere else."""
    shown = openai(view)
    shown.pop("metadata", None)
    if view.call != "listed":
        del shown["prompt"]
        shown["usage"] = {"duration_seconds": float(view.job.seconds)}
    return shown


def vllm_omni(view: View) -> Body:
    """The end of a failed job too; an HTTP status for the error code where a single job is retrieved."""
    shown = openai(view)
    shown.pop("metadata", None)
    shown.update(quality="standard", media_type="video/mp4", file_name=f"{view.id}.mp4", fps=24)
    if view.state.error:
        code = "RuntimeError" if view.call == "listed" else 500
        shown["error"] = {"code": code, "message": view.state.error.message}
        shown["completed_at"] = view.job.ends_at
    return shown


def sglang(view: View) -> Body:
    """No prompt; paths on the server, one for each output; an error without a code."""
    shown = reference(view)
    shown.pop("metadata", None)
    del shown["prompt"]
    done = view.state.status == "completed"
    paths = [f"/srv/outputs/{view.id}_{number}.mp4" for number in range(view.job.outputs)]
    shown.update(quality="auto", url=None, urls=[None] * len(paths))
    shown.update(file_path=paths[0], file_paths=paths if done else [], num_outputs=len(paths))
    if view.state.error:
        shown["error"] = {"message": view.state.error.message}
    return shown


def tensorrt(view: View) -> Body:
    """A duration for the seconds, an error as plain text, progress only when finished."""
    shown = openai(view)
    shown.pop("metadata", None)
    shown.update(duration=float(shown.pop("seconds")), fps=16.0, response_format="file")
    shown["progress"] = 100 if view.state.status == "completed" else None
    shown["error"] = view.state.error.message if view.state.error else None
    return shown


def bifrost(view: View) -> Body:
    """Zero values dropped; the outputs in a list; the error with the reasons of the filter."""
    job, state = view.job, view.state
    shown = {key: value for key, value in reference(view).items() if value not in (None, 0)}
    shown.pop("metadata", None)
    shown["extra_fields"] = {"provider": "openai", "model_requested": job.model, "latency": 212}
    if state.status == "completed":
        kind = "video/mp4" if job.kind == "video" else "image/png"
        shown["videos"] = [{"type": "url", "url": url, "content_type": kind} for url in view.addresses()]
    return shown
