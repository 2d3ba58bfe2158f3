"""Checkpoints of the deployed form: folded tensors have names of their own."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.checkpoints import export_weights, import_weights, read, write
from archdsl.compiler.builder import shapes
from archdsl.errors import BuildError
from tests.checkpoints.made import published, tensors
from tests.nn.published_specs import ffnet_tiny
from tests.soon import soon

LISTS = {"ffnet_1": None, "ffnet_2": None, "tiny_a": ffnet_tiny}


@pytest.fixture
def small():
    return archdsl.load(ffnet_tiny(), {"stages.0.dim": 8, "stages.1.dim": 8, "stages.2.dim": 8})


@pytest.mark.parametrize("listed", soon(LISTS, {"ffnet_1", "tiny_a"}))
def test_a_published_checkpoint_comes_in_and_goes_out_unchanged(tmp_path, listed):
    make = LISTS[listed]
    network = (archdsl.load(listed) if make is None else make()).network()
    given = tensors(published(f"ffnet/keys/{listed}_deploy"))
    theirs, ours, back = (tmp_path / name for name in ("theirs.pth", "ours.safetensors", "back.pt"))
    torch.save({"state_dict": given}, theirs)
    done = import_weights(theirs, network, ours, label="official")
    assert done.phrases == ("the official naming, deployed", "archdsl's own naming, deployed")
    found = {name: tuple(tensor.shape) for name, tensor in read(ours).items()}
    assert found == shapes(network, deployed=True)
    done = export_weights(ours, network, back, label="official")
    assert done.phrases == ("archdsl's own naming, deployed", "the official naming, deployed")
    again = read(back)
    assert again.keys() == given.keys()
    assert all(torch.equal(again[name], tensor) for name, tensor in given.items())


@pytest.mark.parametrize("label", ["archdsl", "official"])
def test_they_give_the_model_in_its_deployed_form(tmp_path, small, label):
    model = archdsl.build(small).eval()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    fused = archdsl.fuse(model)
    file = tmp_path / "archdsl.pth"
    torch.save(fused.state_dict(), file)
    if label == "official":
        export_weights(file, small.network(), tmp_path / "official.pth", label=label)
        file = tmp_path / "official.pth"
    again = archdsl.build(small, weights=file)
    assert again.training
    assert again.state_dict().keys() == fused.state_dict().keys()
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(again.eval()(x), fused(x))
        backbone = archdsl.build(small, weights=file, features=[0, 2]).eval()
        whole = archdsl.build(small, weights=file, features=[0, 1, 2, 3]).eval()
        assert torch.equal(backbone(x)[1], whole(x)[2])
    assert [info.channels for info in whole.feature_info] == [8, 8, 8, 256]
    again.reset_classifier(3)
    assert again(x).shape == (2, 3)


def test_what_is_missing_is_told_by_the_form_that_the_names_are_of(tmp_path, small):
    for deployed, gone, words in (
        (True, "stages.0.blocks.0.token_mixer.query.bias", "own naming, deployed:"),
        (False, "stages.0.blocks.0.token_mixer.query.norm.bias", "own naming:"),
    ):
        given = tensors(shapes(small.network(), deployed=deployed).items())
        del given[gone]
        write(tmp_path / "x.pth", given)
        with pytest.raises(BuildError) as caught:
            archdsl.build(small, weights=tmp_path / "x.pth")
        lines = str(caught.value).splitlines()
        assert lines[0].endswith(f"does not fit {small.name}, read in archdsl's {words}")
        assert lines[1:] == [f"  {gone} is missing"]


def test_the_right_spec_is_suggested(tmp_path):
    torch.save(tensors(published("ffnet/keys/ffnet_2_deploy")), tmp_path / "x.pth")
    with pytest.raises(BuildError) as caught:
        archdsl.build("ffnet_1", weights=tmp_path / "x.pth")
    assert "read in the official naming, deployed:" in str(caught.value)
    assert str(caught.value).splitlines()[-1] == "  it fits ffnet_2"


def test_a_form_without_published_names_is_not_given_any(tmp_path):
    spec = archdsl.load(
        "convnext_tiny",
        {"block.channel_mixer.query.norm": "batch_norm", "stem.norm": "batch_norm",
         **{f"stages.{i}.depth": 1 for i in range(4)}},
    )  # fmt: skip
    network = spec.network()
    write(tmp_path / "x.pth", tensors(shapes(network, deployed=True).items()))
    with pytest.raises(BuildError, match=r"convnext_tiny has no timm names for .*, deployed"):
        export_weights(tmp_path / "x.pth", network, tmp_path / "y.pth", label="timm")
