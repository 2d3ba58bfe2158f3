"""FFNet as meta_mixers: the published code's logits and tensors, trained form and deployed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import archdsl
from tests.nn import published_names as names
from tests.nn.filling import ffnet_rule, fill, image
from tests.nn.published_specs import FFNET_TINY, FFNETS, Spec

GOLDEN = Path(__file__).parents[1] / "golden" / "ffnet"

CASES = [
    ("ffnet_1_224_b2", FFNETS["ffnet_1"], (2, 3, 224, 224)),
    ("ffnet_1_192x256_b1", FFNETS["ffnet_1"], (1, 3, 192, 256)),
    ("tiny_a_64_b2", FFNET_TINY, (2, 3, 64, 64)),
]


def filled(spec: Spec) -> torch.nn.Module:
    model = archdsl.build(spec)
    fill(model, names.by(names.FFNET), ffnet_rule)
    return model.eval()


@pytest.mark.parametrize(("case", "spec", "shape"), CASES, ids=[case[0] for case in CASES])
def test_logits_of_both_forms_are_those_of_the_published_code(
    case: str, spec: Spec, shape: tuple[int, ...]
) -> None:
    golden = np.load(GOLDEN / f"{case}.npz")
    expected = torch.from_numpy(golden["logits_f64"])
    deployed = torch.from_numpy(golden["logits_deploy_f64"])
    model, x = filled(spec), image(*shape)
    with torch.no_grad():
        assert (model(x).double() - expected).abs().max() < 1e-5
        assert (archdsl.fuse(model)(x).double() - deployed).abs().max() < 1e-5
        model, x = model.double(), x.double()
        assert (model(x) - expected).abs().max() < 1e-10
        assert (archdsl.fuse(model)(x) - deployed).abs().max() < 1e-10


@pytest.mark.parametrize(
    ("file", "spec"), [("fused_ffnet_1", FFNETS["ffnet_1"]), ("fused_tiny_a", FFNET_TINY)]
)
def test_every_fused_tensor_is_that_of_the_published_code(file: str, spec: Spec) -> None:
    golden = json.loads((GOLDEN / f"{file}.json").read_text())
    renamed = names.by(names.FFNET_DEPLOYED)
    state = archdsl.fuse(filled(spec).double()).state_dict()
    tensors = {
        renamed(name): tensor for name, tensor in state.items() if tensor.is_floating_point()
    }
    assert set(tensors) == set(golden)
    for name, expected in golden.items():
        tensor = tensors[name].double()
        assert tensor.numel() == np.prod(expected["shape"]), name
        assert tensor.sum().item() == pytest.approx(expected["sum"], abs=1e-9), name
        assert tensor.abs().sum().item() == pytest.approx(expected["abs"], abs=1e-9), name
        first = tensor.flatten()[: len(expected["first4"])].tolist()
        assert first == pytest.approx(expected["first4"], abs=1e-12), name


@pytest.mark.parametrize(
    ("name", "trained", "deployed"),
    [
        ("ffnet_1", 13_775_656, 13_660_152),
        ("ffnet_2", 27_208_408, 26_908_440),
        ("ffnet_3", 48_817_896, 48_330_632),
        ("ffnet_4", 79_868_968, 79_200_360),
    ],
)
def test_ffnets_have_the_published_number_of_params(name: str, trained: int, deployed: int) -> None:
    with torch.device("meta"):
        model = archdsl.build(FFNETS[name])
        fused = archdsl.fuse(model)
    assert sum(p.numel() for p in model.parameters()) == trained
    assert sum(p.numel() for p in fused.parameters()) == deployed
