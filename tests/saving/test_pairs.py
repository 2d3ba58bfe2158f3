"""`archdsl.save` and `archdsl.load_model` are a pair, whatever the model."""

from __future__ import annotations

import copy
import functools
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel

import archdsl
from archdsl.compiler import builder
from tests.saving.made import alike, said


def test_a_folder_gives_the_model_again(model):
    assert archdsl.save(model, "mine") == Path("mine")
    assert sorted(path.name for path in Path("mine").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "spec.yaml",
    ]
    again = archdsl.load_model("mine")
    assert alike(again, model)
    assert again.training
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(again.eval()(x), model.eval()(x))


def test_a_file_is_the_half_that_build_takes_with_the_spec(model, spec):
    assert archdsl.save(model, "mine.safetensors") == Path("mine.safetensors")
    assert alike(archdsl.build(spec, weights="mine.safetensors"), model)
    assert not Path("mine").exists()


def test_a_folder_stands_for_its_spec_and_for_its_weights(model):
    archdsl.save(model, "mine/")
    assert archdsl.count("./mine").macs == archdsl.count("./tiny.yaml").macs
    assert archdsl.load(Path("mine")).network() == model.network
    assert alike(archdsl.build("./mine", weights="mine"), model)
    assert alike(archdsl.build("./tiny.yaml", weights=Path("mine")), model)


def test_the_spec_of_a_folder_stands_by_itself(spec):
    Path("child.yaml").write_text(
        "archdsl: 1\nname: child\nextends: ./tiny.yaml\nstages.1.depth: 2\n"
        "block.token_mixer: {choice: [pooling, identity], default: identity}\n"
    )
    model = archdsl.build(archdsl.load("./child.yaml", set={"params.width": 4}))
    archdsl.save(model, "mine")
    Path("tiny.yaml").unlink()
    text = Path("mine/spec.yaml").read_text()
    assert text == (
        "archdsl: 1\nname: child\n\nparams:\n  width: 4\n\ninput: [3, 16, 16]\nclasses: 3\n\n"
        "stem: {type: conv, kernel: 4, stride: 4, norm: batch_norm}\n"
        "downsample: {type: conv, kernel: 2, stride: 2, padding: 0}\n\n"
        "block:\n  norm: layer_norm\n  token_mixer: identity\n"
        "  channel_mixer: {type: mlp, ratio: 2}\n\n"
        "stages:\n  - {dim: $width, depth: 1}\n  - {dim: $width * 2, depth: 2}\n"
    )
    assert not archdsl.load("./mine").is_space
    assert alike(archdsl.load_model("mine"), model)


@pytest.mark.parametrize("name", ["poolformer_s12", "digits", "mixer_s16", "ffnet_1"])
def test_the_text_of_a_shipped_spec_gives_its_network(name):
    spec = archdsl.load(name)
    assert archdsl.loads(spec.as_text().text).network() == spec.network()


@functools.cache
def digits():
    return archdsl.space("digits")


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_text_of_a_member_gives_its_network(seed):
    (member,) = digits().sample(1, seed=seed)
    assert archdsl.loads(member.as_text().text).network() == member.network()


@pytest.mark.parametrize("classes", [0, 1, 7])
def test_the_classes_are_those_that_the_model_has(spec, classes):
    model = archdsl.build(spec, classes=classes)
    archdsl.save(model, "mine")
    assert alike(archdsl.load_model("mine"), model)
    again = archdsl.load_model("mine")
    again.reset_classifier(5)
    archdsl.save(again, "mine")
    assert archdsl.load("./mine").network().classes == 5
    assert alike(archdsl.load_model("mine"), again)


@pytest.mark.parametrize("features", [[0], [1, 0]])
def test_a_backbone_comes_back_as_one(spec, features):
    backbone = archdsl.build(spec, features=features)
    archdsl.save(backbone, "mine")
    again = archdsl.load_model("mine")
    assert alike(again, backbone)
    assert again.feature_info == backbone.feature_info
    archdsl.save(backbone, "mine.safetensors")
    assert alike(archdsl.build(spec, "mine.safetensors", features=features), backbone)
    assert said(archdsl.build, spec, "mine.safetensors")[0] == (
        f"mine.safetensors, saved from the stages {features} of tiny, does not fit tiny, read in "
        "archdsl's own naming:"
    )


def test_a_deployed_form_stays_one(model):
    fused = archdsl.fuse(model)
    assert fused.state_dict().keys() != model.state_dict().keys()
    archdsl.save(fused, "mine")
    again = archdsl.load_model("mine")
    assert alike(again, fused)
    backbone = archdsl.fuse(archdsl.build("./tiny.yaml", "mine", features=[1]))
    archdsl.save(backbone, "back")
    assert alike(archdsl.load_model("back"), backbone)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_keep_their_types(model, dtype):
    model.to(dtype)
    archdsl.save(model, "mine")
    assert alike(archdsl.load_model("mine"), model)
    model.head.float()  # one part of it in another type
    archdsl.save(model, "mine")
    assert alike(archdsl.load_model("mine"), model)


def test_a_model_is_left_as_it_was(model):
    model.eval()
    model.stages[0].train()
    laid = model.stem[0].conv.to(memory_format=torch.channels_last).weight
    before = copy.deepcopy(model)
    archdsl.save(model, "mine")
    assert [m.training for m in model.modules()] == [m.training for m in before.modules()]
    assert model.stem[0].conv.weight is laid
    assert laid.is_contiguous(memory_format=torch.channels_last)
    assert alike(archdsl.load_model("mine"), model)


def test_what_torch_puts_around_a_model_is_looked_through(model):
    for wrapped in (
        torch.compile(model, backend="eager"),
        AveragedModel(model),
        nn.DataParallel(model),
        torch.compile(nn.DataParallel(model), backend="eager"),
    ):
        archdsl.save(wrapped, "mine")
        assert alike(archdsl.load_model("mine"), model)


def test_what_archdsl_did_not_build_is_refused(model):
    assert said(archdsl.save, nn.Linear(1, 1), "mine") == [
        "save takes a model that archdsl built, and this is a Linear",
        "  archdsl.build and archdsl.load_model give one; save another with  "
        "torch.save(model.state_dict(), path)",
    ]
    assert said(archdsl.save, nn.ModuleDict({"net": model}), "mine") == [
        "save takes a model that archdsl built, and this is a ModuleDict with one in it.  save  "
        "model.net"
    ]
    assert said(archdsl.save, "./tiny.yaml", "mine") == [
        "save takes a model, and not str.  write  archdsl.save(archdsl.build(spec), path)"
    ]
    assert said(archdsl.save, model, 7) == ["path is a path, and not int"]
    assert not Path("mine").exists()


def test_a_model_without_numbers_is_refused(spec):
    with torch.device("meta"):
        model = archdsl.build(spec)
    assert said(archdsl.save, model, "mine") == [
        "tiny cannot be saved: stem.0.conv.weight is on the meta device and has no numbers.  load "
        "weights into it, or build it on another device"
    ]


def test_a_model_that_was_changed_is_refused(model):
    model.head.classifier = nn.Linear(16, 9)
    assert said(archdsl.save, model, "mine") == [
        "tiny is no longer what its spec says: head.classifier.weight is (9, 16), and was (3, 16)",
        "  save another with  torch.save(model.state_dict(), path)",
    ]
    model.head = None
    assert said(archdsl.save, model, "mine.safetensors")[0] == (
        "tiny is no longer what its spec says: head.classifier.weight is gone"
    )
    assert not list(Path().glob("*mine*"))


def test_a_model_that_was_built_of_a_network_alone_has_weights_and_no_spec(spec):
    model = builder.build(spec.network())
    archdsl.save(model, "mine.safetensors")
    assert said(archdsl.save, model, "mine") == [
        "tiny was built without its spec, as a search does it for a module of yours.  save it to a "
        ".safetensors file"
    ]
