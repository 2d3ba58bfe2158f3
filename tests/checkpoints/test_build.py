"""`archdsl.build` with weights from a file."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.checkpoints import export_weights, load_into, write
from archdsl.errors import BuildError


@pytest.fixture
def trained(little, tmp_path):
    """A little model, and its weights in every naming: `model, paths = trained("caformer_s18")`."""

    def made(name):
        torch.manual_seed(0)
        spec = little(name)
        model = archdsl.build(spec).eval()
        own = tmp_path / "archdsl.safetensors"
        write(own, {key: torch.randn_like(tensor) for key, tensor in model.state_dict().items()})
        load_into(model, own)
        paths = {"archdsl": own}
        for label, ending in (("official", "pth"), ("timm", "safetensors")):
            paths[label] = tmp_path / f"{label}.{ending}"
            export_weights(own, spec.network(), paths[label], label=label)
        return model, paths

    return made


@pytest.mark.parametrize("label", ["archdsl", "official", "timm"])
@pytest.mark.parametrize("name", ["caformer_s18", "deit_tiny"])
def test_weights_in_any_naming_give_the_same_model(little, trained, name, label):
    model, paths = trained(name)
    again = archdsl.build(little(name), weights=paths[label]).eval()
    x = torch.randn(2, *model.network.input)
    assert torch.equal(again(x), model(x))


def test_weights_under_state_dict_and_as_a_text_are_taken(little, trained, tmp_path):
    model, _ = trained("caformer_s18")
    torch.save({"state_dict": model.state_dict()}, tmp_path / "x.pth")
    again = archdsl.build(little("caformer_s18"), str(tmp_path / "x.pth"))
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor)


def test_half_precision_is_taken_into_the_models_own(little, trained, tmp_path):
    model, _ = trained("caformer_s18")
    write(tmp_path / "half.pth", {n: t.half() for n, t in model.state_dict().items()})
    again = archdsl.build(little("caformer_s18"), weights=tmp_path / "half.pth")
    for name, tensor in model.state_dict().items():
        assert again.state_dict()[name].dtype == tensor.dtype
        assert torch.equal(again.state_dict()[name], tensor.half().float())


def test_timms_poolformer_comes_with_a_word_of_warning(little, trained):
    model, paths = trained("poolformer_s12")
    for label in ("archdsl", "official"):
        archdsl.build(little("poolformer_s12"), weights=paths[label])  # a warning would be an error
    with pytest.warns(UserWarning, match=r"timm\.safetensors: timm's PoolFormer is not the offic"):
        again = archdsl.build(little("poolformer_s12"), weights=paths["timm"]).eval()
    x = torch.randn(1, 3, 64, 64)
    assert torch.equal(again(x), model(x))


@pytest.mark.parametrize("label", ["archdsl", "official"])
def test_a_head_of_other_classes_is_dropped_on_request_alone(little, trained, label):
    model, paths = trained("caformer_s18")
    with pytest.raises(BuildError, match=r"another number of classes than 5\.  drop_head=True"):
        archdsl.build(little("caformer_s18"), weights=paths[label], classes=5)
    torch.manual_seed(1)
    again = archdsl.build(little("caformer_s18"), paths[label], 5, drop_head=True)
    torch.manual_seed(1)
    fresh = archdsl.build(little("caformer_s18"), classes=5)
    for name, tensor in again.state_dict().items():
        wanted = fresh if name.startswith("head.fc2.") else model
        assert torch.equal(tensor, wanted.state_dict()[name]), name


def test_a_head_is_dropped_on_request_even_where_its_classes_are_the_same(little, trained):
    model, paths = trained("caformer_s18")
    again = archdsl.build(little("caformer_s18"), paths["archdsl"], drop_head=True).state_dict()
    assert torch.equal(again["head.fc1.weight"], model.head.fc1.weight)
    assert not torch.equal(again["head.fc2.weight"], model.head.fc2.weight)


def test_a_head_that_a_file_has_not_is_dropped_on_request(little, trained, tmp_path):
    model, _ = trained("poolformer_s12")
    features = {n: t for n, t in model.state_dict().items() if "classifier" not in n}
    write(tmp_path / "x.pth", features)
    with pytest.raises(BuildError, match=r"head\.classifier\.weight is missing"):
        archdsl.build(little("poolformer_s12"), tmp_path / "x.pth")
    archdsl.build(little("poolformer_s12"), tmp_path / "x.pth", drop_head=True)
    archdsl.build(little("poolformer_s12"), tmp_path / "x.pth", classes=0)


def test_a_drop_of_a_head_without_weights_is_refused(little):
    with pytest.raises(BuildError, match="drop_head is about weights from a file"):
        archdsl.build(little("poolformer_s12"), drop_head=True)


def test_the_right_spec_is_suggested(tmp_path):
    torch.save(archdsl.build("poolformer_s24").state_dict(), tmp_path / "x.pth")
    with pytest.raises(BuildError) as caught:
        archdsl.build("poolformer_s12", weights=tmp_path / "x.pth")
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("x.pth does not fit poolformer_s12, read in archdsl's own naming:")
    assert lines[-2:] == ["  and 115 more", "  it fits poolformer_s24"]
    assert len(lines) == 8


def test_load_into_takes_our_own_names_alone(little, trained):
    model, paths = trained("poolformer_s12")
    load_into(model, paths["archdsl"])
    with pytest.raises(BuildError) as caught:
        load_into(model, paths["official"])
    assert "none of its names is one of the model's in archdsl's own naming" in str(caught.value)


def test_weights_go_with_a_model_to_other_sizes_where_no_tensor_belongs_to_one(little, trained):
    model, paths = trained("caformer_s18")
    larger = archdsl.load(little("caformer_s18"), {"input": [3, 96, 64]})
    again = archdsl.build(larger, weights=paths["official"])
    assert all(torch.equal(t, again.state_dict()[n]) for n, t in model.state_dict().items())


def test_positions_of_another_size_are_refused(little, trained):
    _, paths = trained("deit_tiny")
    larger = archdsl.load(little("deit_tiny"), {"input": [3, 64, 64]})
    with pytest.raises(BuildError) as caught:
        archdsl.build(larger, weights=paths["official"])
    assert (
        "pos_embed (stages.0.pos_embed.map) is (1, 7, 192), and the model's is (1, 17, 192)"
        in str(caught.value)
    )
