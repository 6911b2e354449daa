"""Prompts, models and seeds out of graphs of ComfyUI, whatever lies between a sampler and a text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog.media.marks.graphs import MOST_DEPTH, MOST_TEXT, Generation, as_graph, read_graph
from catalog.media.marks.workflows import flatten
from tests.media.marks.carriers import GRAPH, read, tagged


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def sampled(positive: Any = ("p", 0), negative: Any = ("n", 0), **nodes: dict[str, Any]) -> Generation:
    """What a graph with one sampler and these nodes was asked for."""
    sampler = node("KSampler", seed=7, positive=list(positive), negative=list(negative))
    return ask({"sampler": sampler, "n": node("CLIPTextEncode", text="bad"), **nodes})


def ask(graph: dict[str, Any]) -> Generation:
    nodes = as_graph(json.loads(json.dumps(graph)))
    assert nodes
    return read_graph(nodes)


TEXT = node("CLIPTextEncode", text="a fox")


@pytest.mark.parametrize(
    ("nodes", "prompt"),
    [
        ({"p": TEXT}, "a fox"),
        ({"p": node("CLIPTextEncode", text=["s", 0]), "s": node("PrimitiveStringMultiline", value="a fox")}, "a fox"),
        ({"p": node("Reroute", **{"": ["q", 0]}), "q": TEXT}, "a fox"),
        ({"p": node("FluxGuidance", conditioning=["q", 0], guidance=3.5), "q": TEXT}, "a fox"),
        (
            {
                "p": node("CLIPTextEncode", text=["c", 0]),
                "c": node("StringConcatenate", string_a=["a", 0], string_b="in snow", delimiter=", "),
                "a": node("Reroute", **{"": ["b", 0]}),
                "b": node("PrimitiveString", value="a fox"),
            },
            "a fox, in snow",
        ),
        (
            {
                "p": node("ConditioningCombine", conditioning_1=["q", 0], conditioning_2=["r", 0]),
                "q": TEXT,
                "r": node("CLIPTextEncode", text="in snow"),
            },
            "a fox\nin snow",
        ),
        (
            {
                "p": node("ConditioningConcat", conditioning_to=["q", 0], conditioning_from=["r", 0]),
                "q": TEXT,
                "r": node("CLIPTextEncode", text="in snow"),
            },
            "a fox\nin snow",
        ),
        ({"p": node("ControlNetApplyAdvanced", positive=["q", 0], negative=["n", 0]), "q": TEXT}, "a fox"),
        ({"p": node("WanImageToVideo", positive=["q", 0], negative=["n", 0], width=832), "q": TEXT}, "a fox"),
        ({"p": node("CLIPTextEncodeFlux", clip_l="a fox", t5xxl="a fox", guidance=3.5)}, "a fox"),
        ({"p": node("CLIPTextEncodeSDXL", text_g="a fox", text_l="red", width=1024)}, "a fox\nred"),
        ({"p": node("TextEncodeQwenImageEdit", prompt="a fox", image=["i", 0])}, "a fox"),
        ({"p": node("Efficient Loader", positive="a fox", negative="bad", ckpt_name="a.ckpt")}, "a fox"),
        (
            {
                "p": node("CLIPTextEncode", text=["w", 0]),
                "w": node("ImpactWildcardProcessor", wildcard_text="__animal__", populated_text="a fox", mode="fixed"),
            },
            "a fox",
        ),
        ({"p": node("CLIPTextEncode", text=5)}, None),
        ({"p": node("CLIPTextEncode", text=["gone", 0])}, None),
        ({"p": node("CLIPTextEncode", text=["p", 0])}, None),
        ({"p": node("CLIPTextEncode", text="  ")}, None),
        ({"p": node("CLIPTextEncode", text=[["a"], {}])}, None),
        ({"p": {"class_type": "CLIPTextEncode", "inputs": [1]}}, None),
        ({}, None),
    ],
)
def test_the_text_behind_a_sampler_is_found(nodes: dict[str, Any], prompt: str | None) -> None:
    assert sampled(**nodes)[:2] == (prompt, "bad")


def test_sides_are_kept_apart_where_a_node_has_both() -> None:
    control = node("ControlNetApplyAdvanced", positive=["p", 0], negative=["q", 0])
    nodes = {"p": TEXT, "q": node("Reroute", **{"": ["n", 0]}), "c": control}
    assert sampled(("c", 0), ("c", 1), **nodes)[:2] == ("a fox", "bad")
    both = node("WanVideoTextEncode", positive_prompt="a fox", negative_prompt="")
    assert ask({"1": node("WanVideoSampler", seed=1, text_embeds=["2", 0]), "2": both})[:2] == ("a fox", None)
    both["inputs"]["negative_prompt"] = "bad"
    assert ask({"1": node("WanVideoSampler", seed=1, text_embeds=["2", 0]), "2": both})[:2] == ("a fox", "bad")


def test_a_negative_text_that_is_zeroed_out_is_none() -> None:
    assert sampled(negative=("z", 0), p=TEXT, z=node("ConditioningZeroOut", conditioning=["p", 0]))[:2] == (
        "a fox",
        None,
    )


def guided(guider: dict[str, Any], **more: dict[str, Any]) -> Generation:
    return ask(
        {
            "13": node("SamplerCustomAdvanced", noise=["25", 0], guider=["22", 0], sampler=["16", 0]),
            "25": node("RandomNoise", noise_seed=2**64 - 1),
            "22": guider,
            "12": node("UNETLoader", unet_name="flux\\flux1-dev.safetensors"),
            "6": TEXT,
            **more,
        }
    )


def test_guiders_and_noise_are_followed() -> None:
    basic = node("BasicGuider", model=["12", 0], conditioning=["6", 0])
    assert guided(basic) == ("a fox", None, "flux1-dev.safetensors", "18446744073709551615")
    lora = node("LoraLoaderModelOnly", model=["12", 0], lora_name="style.safetensors")
    sided = node("CFGGuider", model=["l", 0], positive=["6", 0], negative=["n", 0], cfg=1)
    assert guided(sided, l=lora, n=node("CLIPTextEncode", text="bad")) == (
        *("a fox", "bad"),
        *("flux1-dev.safetensors", "18446744073709551615"),
    )


def test_the_sampler_that_is_saved_counts_and_the_one_that_adds_noise_has_the_seed() -> None:
    graph = {
        "other": node("KSampler", seed=1, positive=["o", 0]),
        "o": node("CLIPTextEncode", text="a draft"),
        "high": node("KSamplerAdvanced", add_noise="enable", noise_seed=42, positive=["p", 0], model=["m", 0]),
        "low": node("KSamplerAdvanced", add_noise="disable", noise_seed=0, positive=["p", 0], latent_image=["high", 0]),
        "p": TEXT,
        "m": node("UnetLoaderGGUF", unet_name="wan2.2-high-Q4.gguf"),
        "save": node("SaveVideo", video=["create", 0]),
        "create": node("CreateVideo", images=["low", 0]),
    }
    assert ask(graph) == ("a fox", None, "wan2.2-high-Q4.gguf", "42")


def test_a_sampler_whose_noise_comes_over_a_link_is_read() -> None:
    assert (
        ask({"1": node("KSamplerAdvanced", add_noise=["2", 0], noise_seed=5, positive=["p", 0]), "p": TEXT}).seed == "5"
    )


def test_a_node_that_asks_a_service_is_read_as_it_stands() -> None:
    kling = node("KlingTextToVideoNode", prompt=["t", 0], negative_prompt="bad", model_name="kling-v2-master", seed=3)
    graph = {"1": kling, "t": node("PrimitiveString", value="a fox"), "2": node("SaveVideo", video=["1", 0])}
    assert ask(graph) == ("a fox", "bad", "kling-v2-master", "3")
    assert ask({"1": node("VeoVideoGenerationNode", prompt="a fox", negative_prompt="")})[:2] == ("a fox", None)


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, "0"),
        (2**63, "9223372036854775808"),
        (2**64 - 1, "18446744073709551615"),
        (2**64, None),
        (2**70, None),
        (-1, None),
        (7.0, "7"),
        (7.5, None),
        (1.8446744073709552e19, None),
        (True, None),
        (None, None),
        ("42", "42"),
        ("random", None),
        ("٤٢", None),
        ("9" * 5000, None),
        ([1, 2, 3], None),
        (["gone", 0], None),
        (["sampler", 0], None),
        (["i", 0], "99"),
        (["r", 0], "5"),
    ],
)
def test_a_seed_is_exact_or_unknown(seed: object, expected: str | None) -> None:
    graph = {
        "sampler": node("KSampler", seed=seed, positive=["p", 0]),
        "p": TEXT,
        "i": node("PrimitiveInt", value=99),
        "r": node("Seed (rgthree)", seed=5),
    }
    assert ask(graph) == ("a fox", None, None, expected)


def test_seeds_and_prompts_that_are_not_what_they_should_be_leave_the_rest_of_a_file_readable() -> None:
    graph = {**GRAPH, "3": node("KSampler", seed=float("nan"), positive=["6", 0], negative=None, model="x/y.ckpt")}
    marks = read(tagged({"prompt": json.dumps(graph)}))
    assert marks[1:] == ("a red fox in snow", "comfyui", None, "y.ckpt", None)


# Circles, depths, numbers


def test_a_long_row_of_links_is_followed_to_a_bound() -> None:
    def row(length: int) -> dict[str, Any]:
        nodes = {f"r{at}": node("Reroute", **{"": [f"r{at + 1}", 0]}) for at in range(length)}
        return {
            "p": node("CLIPTextEncode", text=["r0", 0]),
            **nodes,
            f"r{length}": node("PrimitiveString", value="a fox"),
        }

    assert sampled(**row(MOST_DEPTH - 10)).prompt == "a fox"
    assert sampled(**row(5_000)).prompt is None


def test_circles_end() -> None:
    circle = {
        f"c{at}": node("Switch", on_true=[f"c{(at + 1) % 9}", 0], on_false=[f"c{(at + 2) % 9}", 0]) for at in range(9)
    }
    assert sampled(("c0", 0), **circle).prompt is None
    model = {"m": node("ModelMerge", model1=["m", 0], model2=["o", 0]), "o": node("ModelMerge", model1=["m", 0])}
    assert (
        ask({"1": node("KSampler", seed=["1", 0], positive=["p", 0], model=["m", 0]), "p": TEXT, **model}).model is None
    )


def test_a_text_that_doubles_at_every_node_is_bounded() -> None:
    nodes = {
        f"d{at}": node(
            "StringConcatenate", string_a=[f"d{at + 1}", 0], string_b=[f"d{at + 1}", 0], delimiter="-" * 10_000
        )
        for at in range(60)
    }
    nodes["d60"] = node("PrimitiveString", value="x" * 1000)
    prompt = sampled(p=node("CLIPTextEncode", text=["d0", 0]), **nodes).prompt
    assert prompt is None or len(prompt) <= MOST_TEXT


def test_ways_that_part_at_every_node_are_not_all_gone() -> None:
    nodes = {f"d{at}": node("Switch", on_true=[f"d{at + 1}", 0], on_false=[f"d{at + 1}", 0]) for at in range(60)}
    assert sampled(("d0", 0), **nodes)[:2] == (None, None)
    assert sampled(p=node("CLIPTextEncode", text=["d0", 0]), **nodes).prompt is None


def test_many_nodes_that_lead_to_each_other_are_read_in_time() -> None:
    ids = [f"n{at}" for at in range(300)]
    graph = {
        name: node(
            "Mix", seed=[ids[at - 1], 0], noise=[ids[at - 2], 0], positive=[ids[at - 3], 0], model=[ids[at - 4], 0]
        )
        for at, name in enumerate(ids)
    }
    assert ask(graph) == (None, None, None, None)


def test_halves_of_surrogates_and_zeros_are_replaced() -> None:
    assert sampled(p=node("CLIPTextEncode", text="a \ud83e fox\0")).prompt == "a \ufffd fox\ufffd"


# Workflows without a graph


def ui(number: int, kind: str, values: object = None, **links: int) -> dict[str, Any]:
    slots = [{"name": name, "type": "*", "link": link} for name, link in links.items()]
    return {"id": number, "type": kind, "mode": 0, "inputs": slots, "widgets_values": values}


WORKFLOW = {
    "nodes": [
        ui(3, "KSampler", [2**53 - 1, "randomize", 20, 7, "euler"], model=1, positive=2, negative=3),
        ui(4, "CheckpointLoaderSimple", ["sd_xl.safetensors"]),
        ui(6, "CLIPTextEncode", ["a fox"], clip=5),
        ui(7, "CLIPTextEncode", ["bad"], clip=6),
    ],
    "links": [[1, 4, 0, 3, 0, "MODEL"], [2, 6, 0, 3, 1, "CONDITIONING"], [3, 7, 0, 3, 2, "CONDITIONING"]],
}


def test_a_workflow_is_read_where_the_graph_that_was_run_is_missing() -> None:
    marks = read(tagged({"workflow": json.dumps(WORKFLOW)}))
    assert marks[1:] == ("a fox", "comfyui", "bad", "sd_xl.safetensors", str(2**53 - 1))
    other = json.dumps(WORKFLOW).replace("a fox", "a cat")
    marks = read(tagged({"workflow": other, "prompt": json.dumps(GRAPH)}))
    assert marks.prompt == "a red fox in snow"


def test_a_workflow_that_names_its_widgets_is_read_by_these_names() -> None:
    sampler = ui(3, "SamplerCustom", [True, 42, "fixed", 3.5], positive=2)
    sampler["inputs"] += [
        {"name": name, "widget": {"name": name}, "link": None} for name in ("add_noise", "noise_seed", "cfg")
    ]
    links = [{"id": 2, "origin_id": 6, "origin_slot": 0, "target_id": 3, "target_slot": 1}]
    graph = flatten({"nodes": [sampler, ui(6, "CLIPTextEncode", {"text": "a fox"})], "links": links})
    assert read_graph(graph) == ("a fox", None, None, "42")


@pytest.mark.parametrize(
    "workflow",
    [
        {"nodes": None},
        {"nodes": [None, 5, {"id": []}, {"id": 1, "type": 5}], "links": 7},
        {"nodes": [ui(1, "KSampler", "text", positive=1)], "links": [[1], [1, 1, 0], [{}, [], 0], None]},
        {"nodes": [{"id": 1, "type": "KSampler", "inputs": [{"name": None}, {"name": "positive", "link": [1]}]}]},
    ],
)
def test_a_workflow_of_wrong_types_gives_nothing(workflow: dict[str, Any]) -> None:
    marks = read(tagged({"workflow": json.dumps(workflow)}))
    assert marks[1:] == (None, None, None, None, None)
    assert marks.workflow is not None
