"""TransNeXt, its weights made from names, gives what the published code gave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.specification import Spec
from tests.nn.filling import image, normals
from tests.nn.names import names
from tests.nn.transnext_models import (
    GOLDEN,
    filled,
    fingerprint,
    golden,
    official,
    spec_of,
    weight,
)

SINGLE, DOUBLE = 1e-5, 1e-6  # the vectors are rounded to float32

CASES = (
    "nano_64_b2",
    "nano_96_pre64_b2",
    "nano_128_pre64_fixedpool3_b1",
    "nano_AAAA_160_b1",
    "nano_w5_nobias_64_b1",
    "nano_epsprobe_64_b2",
    "nano_dense_extrap_70x90_pre64_b2",
    "nano_dense_interp64_96x64_b1",
    "micro_224_b2",
    "micro_384_pre224_b1",
    "micro_384_pre384_b1",
    "micro_384_pre224_fixedpool7_b1",
    "micro_AAAA_256_b1",
    "micro_AAAA_224_pre256_b1",
    "micro_dense_extrap_192x256_b1",
    "micro_dense_interp224_192x256_b1",
    "tiny_224_b2",
)
UNITS = ("unit_aa", "unit_aa_fixed", "unit_attn", "unit_glu", "unit_cpb_tables")


def test_no_case_is_left_out() -> None:
    found = {path.stem for path in GOLDEN.iterdir() if path.is_file()}
    assert found == {*CASES, *UNITS, "fill_check"}


def built(case: str) -> nn.Module:
    about = golden(case)
    spec = spec_of(about["config"], about["input_shape"])
    return filled(archdsl.build(spec), about["weight_multiplier"])


def tokens(maps: Tensor) -> Tensor:
    """(B, C, H, W) as the published (B, N, C)."""
    return maps.flatten(2).transpose(1, 2)


def watched(model: nn.Module, x: Tensor, paths: list[str]) -> tuple[Tensor, list[Tensor]]:
    """The logits, and what the modules of these paths gave."""
    seen: dict[str, Tensor] = {}
    hooks = []
    for path in paths:

        def note(module: nn.Module, inputs: Any, output: Tensor, path: str = path) -> None:
            seen[path] = output.detach()

        hooks.append(model.get_submodule(path).register_forward_hook(note))
    logits = model(x)
    for hook in hooks:
        hook.remove()
    return logits, [seen[path] for path in paths]


def distance(found: Tensor, expected: Any) -> float:
    return (found.double() - torch.tensor(expected, dtype=torch.float64)).abs().max().item()


def assert_summary(found: Tensor, about: dict[str, Any], tolerance: float) -> None:
    """What is written down of a map: some of its values, mean and deviation."""
    values = tokens(found)
    assert list(values.shape) == about["shape"]
    assert distance(values[0, 0, :16], about["first16"]) < tolerance
    assert distance(values[-1, -1, -16:], about["last16"]) < tolerance
    if "center16" in about:
        height, width = about["grid"]
        assert tuple(found.shape[2:]) == (height, width)
        centre = (height // 2) * width + width // 2
        assert distance(values[0, centre, :16], about["center16"]) < tolerance
    values = values.double()
    assert values.mean().item() == pytest.approx(about["mean"], abs=tolerance)
    assert values.std(correction=0).item() == pytest.approx(about["std"], abs=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_logits_and_stages_are_those_of_the_published_code(case: str) -> None:
    about = golden(case)
    model = built(case)
    x = image(*about["input_shape"])
    assert fingerprint([x.numpy()]) == about["input_crc32"]
    stages = [f"stages.{i}" for i in range(4)]
    for tolerance in (SINGLE, DOUBLE):
        with torch.no_grad():
            logits, maps = watched(model, x, stages)
        assert distance(logits, about["logits"]) < tolerance
        for number, found in enumerate(maps, start=1):
            assert_summary(found, about["stages"][f"stage{number}"], tolerance)
        model, x = model.double(), x.double()


def test_every_module_gives_what_its_published_one_gave() -> None:
    about = golden("nano_64_b2")
    paths = [own_path(name) for name in about["inner"]]
    with torch.no_grad():
        _, outputs = watched(built("nano_64_b2"), image(2, 3, 64, 64), paths)
    for found, expected in zip(outputs, about["inner"].values(), strict=True):
        assert_summary(found, expected, SINGLE)


def own_path(name: str) -> str:
    head, *rest = name.split(".")
    number = int(head[-1]) - 1
    if head.startswith("patch_embed"):
        return f"stages.{number}.downsample" if number else "stem"
    parts = {"attn": "token_mixer", "mlp": "channel_mixer"}
    return ".".join([f"stages.{number}.blocks", *(parts.get(part, part) for part in rest)])


def test_gradients_are_those_of_the_published_code() -> None:
    expected = golden("nano_64_b2")["grads"]
    model = built("nano_64_b2").double()
    x = image(2, 3, 64, 64).double().requires_grad_()
    loss = model(x).square().mean()
    loss.backward()
    assert loss.item() == pytest.approx(expected["value"], abs=1e-8)
    assert x.grad is not None
    assert x.grad.norm().item() == pytest.approx(expected["input"]["l2"], rel=1e-6)
    assert distance(x.grad.flatten()[:4], expected["input"]["first4"]) < 1e-9
    found = {}
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        theirs, shape = official(name, tuple(parameter.shape))
        found[theirs] = parameter.grad.reshape(shape)
    assert found.keys() == expected["params"].keys()
    for name, about in expected["params"].items():
        assert found[name].norm().item() == pytest.approx(about["l2"], rel=2e-6, abs=1e-9), name
        assert distance(found[name].flatten()[:2], about["first2"]) < 1e-8, name


@pytest.mark.parametrize(
    ("case", "name", "patches"),
    [
        ("micro_224_b2", "transnext_micro", {}),
        ("tiny_224_b2", "transnext_tiny", {}),
        ("micro_AAAA_256_b1", "transnext_micro_aaaa", {}),
        ("micro_384_pre384_b1", "transnext_micro", {"input": [3, 384, 384]}),
        (
            "micro_384_pre224_b1",
            "transnext_micro",
            {"input": [3, 384, 384], "params.pretrain_size": 224},
        ),
        (
            "micro_AAAA_224_pre256_b1",
            "transnext_micro_aaaa",
            {"input": [3, 224, 224], "params.pretrain_size": 256},
        ),
        (
            "micro_dense_extrap_192x256_b1",
            "transnext_micro",
            {"input": [3, 192, 256], "params.pretrain_size": 224},
        ),
    ],
)
def test_the_shipped_specs_are_those_models(case: str, name: str, patches: dict[str, Any]) -> None:
    about = golden(case)
    assert mixers(archdsl.load(name, set=patches)) == mixers(
        spec_of(about["config"], about["input_shape"])
    )


def mixers(spec: Spec) -> list[Any]:
    """Every layer, without the names of the specs."""
    return list(spec.network().layers())


@pytest.mark.parametrize("variant", ["micro", "tiny", "micro_AAAA"])
def test_names_and_shapes_are_the_published_ones(variant: str) -> None:
    keys = json.loads((GOLDEN / "keys" / f"keys_{variant}.json").read_text())
    with torch.device("meta"):
        model = archdsl.build(f"transnext_{variant.lower()}")
    ours = [official(name, tuple(t.shape)) for name, t in model.state_dict().items()]
    assert sorted(ours) == sorted((name, tuple(shape)) for name, shape in keys)
    case = next(case for case in CASES if case.startswith(f"{variant}_"))
    values = [weight(name, tuple(shape)) for name, shape in keys]
    assert fingerprint(values) == golden(case)["params_crc32"]


@pytest.mark.parametrize(
    ("name", "tensors"),
    [
        ("transnext_micro", 617), ("transnext_tiny", 617), ("transnext_small", 1054),
        ("transnext_base", 1083), ("transnext_micro_aaaa", 635),
        ("transnext_small_384", 1054), ("transnext_base_384", 1083),
    ],
)  # fmt: skip
def test_names_go_both_ways(name: str, tensors: int) -> None:
    with torch.device("meta"):
        state = archdsl.build(name).state_dict()
    rules = names(name)
    assert rules is not None
    theirs = {rules.theirs(ours): ours for ours in state}
    assert len(theirs) == len(state) == tensors
    assert {rules.ours(name): name for name in theirs} == {o: t for t, o in theirs.items()}


def test_a_published_checkpoint_is_loaded_by_name(tmp_path: Path) -> None:
    keys = json.loads((GOLDEN / "keys" / "keys_micro.json").read_text())
    state = {name: torch.from_numpy(weight(name, tuple(shape))) for name, shape in keys}
    torch.save({"model": state}, tmp_path / "published.pth")
    about = golden("micro_224_b2")
    model = archdsl.build("transnext_micro", weights=tmp_path / "published.pth").eval()
    with torch.no_grad():
        logits = model(image(*about["input_shape"])[:1])
    assert distance(logits, about["logits"][:1]) < SINGLE


def test_the_filling_is_the_published_one() -> None:
    about = json.loads((GOLDEN / "fill_check.json").read_text())["values"]
    for name, expected in about.items():
        value = torch.from_numpy(weight(name, tuple(expected["shape"])))
        assert distance(value.flatten()[:4], expected["first4"]) < 1e-8
        assert value.double().norm().item() == pytest.approx(expected["l2"], rel=1e-7)


Make = Callable[..., nn.Module]


def unit(make: Make, name: str, mixer: str, **options: Any) -> tuple[nn.Module, Any, Tensor]:
    """One mixer alone, with its published weights: the mixer, its case, its input map."""
    case = np.load(GOLDEN / f"{name}.npz")
    about = json.loads(str(case["meta"]))
    size = tuple(about["resolution"])
    head_dim = about["dim"] // about["num_heads"]
    kind = f"{mixer}_attention"
    made = make("token_mixer", kind, dim=about["dim"], size=size, head_dim=head_dim, **options)
    filled_alone(made, about["prefix"])
    x = torch.from_numpy(normals(about["input_key"], tuple(about["input_shape"])))
    assert torch.equal(x.float(), torch.from_numpy(case["x"]))
    return made, case, torch.from_numpy(case["x"]).transpose(1, 2).unflatten(2, size)


def filled_alone(mixer: nn.Module, prefix: str) -> None:
    state = {}
    block = "stages.0.blocks.0.token_mixer."
    for name, tensor in mixer.state_dict().items():
        theirs, shape = official(block + name, tuple(tensor.shape))
        value = weight(prefix + theirs.removeprefix("block1.0.attn."), shape)
        state[name] = torch.from_numpy(value).reshape(tensor.shape)
    mixer.load_state_dict(state)
    mixer.eval()


@pytest.mark.parametrize("name", ["unit_aa", "unit_aa_fixed"])
def test_aggregated_attention_is_that_of_the_published_code(make: Make, name: str) -> None:
    about = json.loads(str(np.load(GOLDEN / f"{name}.npz")["meta"]))
    mixer, case, x = unit(
        make,
        name,
        "aggregated",
        pool=about["sr_ratio"],
        pool_size=about["fixed_pool_size"],
        pretrain_size=about["pretrain_grid"][0],
    )
    assert isinstance(mixer, archdsl.nn.token_mixers.aggregated_attention.AggregatedAttention)
    seen = {}
    softmax = Tensor.softmax

    def noted(logits: Tensor, dim: int) -> Tensor:
        seen["attn_logits"] = logits.clone()
        seen["attn"] = softmax(logits, dim)
        return seen["attn"]

    with torch.no_grad(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tensor, "softmax", noted)
        y = mixer(x)
        scale, bias = mixer._scale_and_bias(tuple(x.shape[2:]))
        pooled = mixer._pooled(x.permute(0, 2, 3, 1), tuple(x.shape[2:]))
        seen["pooled_after_norm"] = pooled.flatten(1, 2)
    assert distance(tokens(y), case["y"]) < 1e-6
    for key in ("attn_logits", "attn", "pooled_after_norm"):
        expected = torch.from_numpy(case[key])
        torch.testing.assert_close(seen[key], expected, rtol=0, atol=SINGLE)
    outside = torch.from_numpy(case["padding_mask"])
    assert torch.equal(bias[..., :9].isneginf(), outside.expand(2, -1, -1))
    torch.testing.assert_close(bias[..., 9:], torch.from_numpy(case["pool_bias"]))
    length = scale / torch.nn.functional.softplus(mixer.temperature).squeeze(2)
    expected = torch.from_numpy(case["seq_length_scale"]).float()
    torch.testing.assert_close(length[:, 0], expected)


def test_cosine_attention_is_that_of_the_published_code(make: Make) -> None:
    mixer, case, x = unit(make, "unit_attn", "cosine", pretrain_size=3)
    with torch.no_grad():
        assert distance(tokens(mixer(x)), case["y"]) < 1e-6


def test_distances_are_those_of_the_published_tables() -> None:
    from archdsl.nn.position_bias import distances

    for about in json.loads((GOLDEN / "unit_cpb_tables.json").read_text()).values():
        like = torch.zeros(())
        axes = [
            distances(query, key, scale, like)
            for query, key, scale in zip(
                about["query"], about["key"], about["pretrain"], strict=True
            )
        ]
        down, across = (values[index] for values, index in axes)  # (queries, keys)
        rows, columns = about["query"][0] * about["query"][1], about["key"][0] * about["key"][1]
        pairs = torch.stack(
            [
                down[:, None, :, None].expand(*about["query"], *about["key"]),
                across[None, :, None, :].expand(*about["query"], *about["key"]),
            ],
            dim=-1,
        ).reshape(-1, 2)
        assert len(pairs) == rows * columns == about["pairs"]
        assert distance(pairs[:8], about["pair_first8"]) < 1e-7
        assert pairs.abs().sum(dtype=torch.float64).item() == pytest.approx(
            about["pair_abs_sum"], rel=1e-7
        )
        if "all_pairs" in about:
            assert distance(pairs.flatten(), about["all_pairs"]) < 1e-7
        used = [len(values[index.unique()]) for values, index in axes]
        assert used[0] * used[1] == about["table_rows"]
