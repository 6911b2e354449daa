"""How families of servers show one job: one function each, from a job at a moment to JSON."""

from catalog.demo.gateway.shapes.gateways import apimart, fourall, newapi, newapi_task, numbered, unified
from catalog.demo.gateway.shapes.hosted import evolink, lumenfall, ofox, openrouter, together, xai
from catalog.demo.gateway.shapes.selfhosted import bifrost, litellm, sglang, tensorrt, vllm_omni
from catalog.demo.gateway.shapes.view import Body, Call, Shape, View, openai

__all__ = [
    "Body",
    "Call",
    "Shape",
    "View",
    "apimart",
    "bifrost",
    "evolink",
    "fourall",
    "litellm",
    "lumenfall",
    "newapi",
    "newapi_task",
    "numbered",
    "ofox",
    "openai",
    "openrouter",
    "sglang",
    "tensorrt",
    "together",
    "unified",
    "vllm_omni",
    "xai",
]
