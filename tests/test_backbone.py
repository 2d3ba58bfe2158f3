"""A model without its head: the maps of its stages, for heads of another kind."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

import archdsl
from archdsl.checkpoints import export_weights
from archdsl.compiler.backbone import FeatureInfo
from archdsl.errors import BuildError, SpecError

LITTLE = """
archdsl: 1
name: little
input: [3, 64, 64]
classes: 7
stem: {type: conv, kernel: 7, stride: 4, padding: 2}
downsample: {type: conv, kernel: 3, stride: 2, norm: batch_norm}
out_norm: layer_norm
block: {norm: layer_norm, token_mixer: {type: sep_conv, kernel: 3}, channel_mixer: mlp}
stages:
  - {dim: 8, depth: 1}
  - {dim: 12, depth: 2}
  - {dim: 16, depth: 1}
  - {dim: 20, depth: 1}
head: {type: linear, norm: layer_norm}
"""

DEIT = {"input": [3, 48, 32], "stages.0.depth": 2}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def little():
    return archdsl.loads(LITTLE)


def alike(model, other):
    """Whether one state dict is a part of the other's, name by name."""
    mine, all_ = model.state_dict(), other.state_dict()
    return mine.keys() <= all_.keys() and all(torch.equal(t, all_[n]) for n, t in mine.items())


@pytest.mark.parametrize("features", [[0, 1, 2, 3], [3], [0, 2], [1], [2, 0], (1, 2), range(1, 4)])
@pytest.mark.parametrize("size", [(64, 64), (96, 32), (61, 75)])
def test_the_maps_are_those_at_the_ends_of_the_stages(tmp_path, features, size):
    model = archdsl.build(little()).eval()
    torch.save(model.state_dict(), tmp_path / "x.pth")
    backbone = archdsl.build(little(), features=features, weights=tmp_path / "x.pth").eval()
    wanted = {}
    for index, stage in enumerate(model.stages):
        stage.register_forward_hook(lambda _, __, out, index=index: wanted.update({index: out}))
    x = torch.randn(2, 3, *size)
    model(x)
    maps = backbone(x)
    assert len(maps) == len(features)
    for index, found in zip(features, maps, strict=True):
        assert torch.equal(found, wanted[index])
        assert found.is_contiguous(memory_format=torch.channels_last)


def test_feature_info_tells_channels_and_reduction():
    backbone = archdsl.build(little(), features=[0, 1, 2, 3])
    assert backbone.feature_info == [(8, 4), (12, 8), (16, 16), (20, 32)]
    assert backbone.feature_info[2] == FeatureInfo(channels=16, reduction=16)
    assert archdsl.build(little(), features=[3, 1]).feature_info == [(20, 32), (12, 8)]
    for (channels, reduction), found in zip(
        backbone.feature_info, backbone(torch.randn(1, 3, 64, 96)), strict=True
    ):
        assert found.shape == (1, channels, 64 // reduction, 96 // reduction)


def test_the_reduction_is_that_of_the_strides_where_maps_are_rounded():
    small = archdsl.load(little(), {"input": [3, 61, 75]})
    info = archdsl.build(small, features=[0, 1, 2, 3]).feature_info
    assert [reduction for _, reduction in info] == [4, 8, 16, 32]


def test_a_backbone_is_a_part_of_the_model_under_the_same_names():
    model = archdsl.build(little())
    names = {name for name in model.state_dict() if not name.startswith("head.")}
    backbone = archdsl.build(little(), features=[0, 1, 2, 3])
    assert set(backbone.state_dict()) == names
    assert alike(backbone.eval(), archdsl.build(little())) is False  # other random weights
    first = archdsl.build(little(), features=[0, 1])
    assert {name.split(".")[1] for name in first.state_dict() if name.startswith("stages")} == {
        "0", "1",
    }  # fmt: skip


def test_a_seed_gives_a_backbone_the_weights_of_the_model():
    torch.manual_seed(3)
    model = archdsl.build(little())
    torch.manual_seed(3)
    assert alike(archdsl.build(little(), features=[2]), model)


def test_weights_of_the_whole_model_and_of_the_backbone_alone_are_taken(tmp_path):
    model = archdsl.build(archdsl.load(little(), {"classes": 3}))
    torch.save(model.state_dict(), tmp_path / "whole.pth")
    backbone = archdsl.build(little(), tmp_path / "whole.pth", features=[1, 3])
    assert alike(backbone, model)
    torch.save(backbone.state_dict(), tmp_path / "alone.pth")
    assert alike(archdsl.build(little(), tmp_path / "alone.pth", features=[0]), model)


def test_weights_by_published_names_are_taken(tmp_path):
    spec = archdsl.load("poolformer_s12", {"input": [3, 64, 64], "stages.2.depth": 2})
    model = archdsl.build(spec)
    own, official = tmp_path / "own.pth", tmp_path / "official.pth"
    torch.save(model.state_dict(), own)
    export_weights(own, spec.network(), official, label="official")
    assert alike(archdsl.build(spec, official, features=[1, 2]), model)


def test_weights_that_an_exported_model_saved_are_taken(tmp_path):
    scope: dict[str, object] = {}
    exec(archdsl.export(little()), scope)  # what the file of the export does when it is run
    exported = scope["little"]()
    torch.save(exported.state_dict(), tmp_path / "x.pth")
    assert alike(archdsl.build(little(), tmp_path / "x.pth", features=[0, 3]), exported)


def test_weights_that_lack_what_the_maps_need_are_refused(tmp_path):
    state = archdsl.build(little()).state_dict()
    torch.save({n: t for n, t in state.items() if "stages.3" not in n}, tmp_path / "x.pth")
    archdsl.build(little(), tmp_path / "x.pth", features=[2])
    with pytest.raises(BuildError, match=r"stages\.3\.downsample\.0\.conv\.weight is missing"):
        archdsl.build(little(), tmp_path / "x.pth", features=[3])
    torch.save({**state, "neck.weight": torch.ones(1)}, tmp_path / "x.pth")
    with pytest.raises(BuildError, match=r"neck\.weight is not one of this model's"):
        archdsl.build(little(), tmp_path / "x.pth", features=[2])


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([4], "features = [4]: there is no stage 4; its stages are 0 1 2 3"),
        ([0, -1], "features = [0, -1]: there is no stage -1; its stages are 0 1 2 3"),
        ([True], "features = [True]: there is no stage True; its stages are 0 1 2 3"),
        ([1.0], "features = [1.0]: there is no stage 1.0; its stages are 0 1 2 3"),
        ([1, 1], "features = [1, 1]: name each stage once"),
        ([], "features = []: write a list of stages; its stages are 0 1 2 3"),
        (2, "features = 2: write a list of stages; its stages are 0 1 2 3"),
        ("12", "features = '12': write a list of stages; its stages are 0 1 2 3"),
    ],
)
def test_stages_that_are_not_there_are_refused(features, said):
    with pytest.raises(BuildError) as caught:
        archdsl.build(little(), features=features)
    assert str(caught.value) == said


def test_what_is_about_a_head_is_refused_beside_features():
    for about in ({"classes": 3}, {"drop_head": True}):
        with pytest.raises(BuildError, match="with features there is none: drop it"):
            archdsl.build(little(), features=[1], **about)


def test_with_a_class_token_the_map_is_that_of_the_other_tokens():
    spec = archdsl.load("deit_tiny", DEIT)
    torch.manual_seed(5)
    model = archdsl.build(spec).eval()
    torch.manual_seed(5)
    backbone = archdsl.build(spec, features=[0]).eval()
    assert backbone.feature_info == [(192, 16)]
    tokens = []
    model.stages[0].register_forward_hook(lambda _, __, out: tokens.append(out))
    x = torch.randn(2, 3, 48, 32)
    model(x)
    (found,) = backbone(x)
    assert found.shape == (2, 192, 3, 2)
    assert found.is_contiguous(memory_format=torch.channels_last)
    # row by row, the class token left out
    assert torch.equal(found[:, :, 1, 1], tokens[0][:, :, 1 + 3, 0])


def test_a_backbone_learns_and_folds():
    backbone = archdsl.build(little(), features=[1, 3])
    sum(found.pow(2).sum() for found in backbone(torch.randn(2, 3, 64, 64))).backward()
    for name, parameter in backbone.named_parameters():
        if name != "stages.3.out_norm.bias":
            assert parameter.grad is not None, name
    folded = archdsl.fuse(backbone)
    assert len(folded.state_dict()) < len(backbone.state_dict())
    x = torch.randn(1, 3, 64, 64)
    for one, other in zip(folded(x), backbone.eval()(x), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def test_another_number_of_classes():
    assert archdsl.build(little(), classes=3)(torch.randn(2, 3, 64, 64)).shape == (2, 3)
    assert archdsl.build(little(), classes=0)(torch.randn(2, 3, 64, 64)).shape == (2, 20)
    with pytest.raises(SpecError):
        archdsl.build(little(), classes=-1)


def test_the_classifier_is_reset_and_the_rest_keeps_its_weights():
    model = archdsl.build(little()).double().eval()
    nn.init.normal_(model.head.norm.weight)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    for classes, shape in ((3, (2, 3)), (0, (2, 20)), (9, (2, 9))):
        model.reset_classifier(classes)
        assert model(torch.randn(2, 3, 64, 64, dtype=torch.float64)).shape == shape
        assert model.network.classes == classes
        for name, tensor in model.state_dict().items():
            if not name.startswith("head.classifier"):
                assert torch.equal(tensor, before[name]), name


def test_the_classifier_starts_afresh_even_for_as_many_classes():
    model = archdsl.build("poolformer_s12", classes=5)
    before = model.head.classifier.weight.clone()
    model.reset_classifier(5)
    assert model.head.classifier.weight.shape == before.shape
    assert not torch.equal(model.head.classifier.weight, before)
    assert torch.equal(model.head.classifier.bias, torch.zeros(5))


def test_of_an_mlp_head_the_last_layer_is_reset():
    model = archdsl.build("caformer_s18").eval()
    before = model.head.fc1.weight.clone()
    model.reset_classifier(5)
    assert model.head.fc2.weight.shape == (5, 2048)
    assert torch.equal(model.head.fc1.weight, before)
    assert not model.head.training
    with pytest.raises(BuildError, match="mlp needs classes to tell apart\n  for features choose"):
        model.reset_classifier(0)


@pytest.mark.parametrize("classes", [-1, 1.5, True, "3"])
def test_a_number_of_classes_that_is_none_is_refused(classes):
    model = archdsl.build(little())
    with pytest.raises(BuildError, match="write a number of classes, or 0 for features"):
        model.reset_classifier(classes)


def test_a_model_without_a_head_has_no_classes_to_reset():
    model = archdsl.build(archdsl.load(little(), {"head": None}))
    with pytest.raises(BuildError, match="little has no head whose classes could change"):
        model.reset_classifier(3)


def test_a_copied_and_a_pickled_model_can_be_reset_too():
    model = archdsl.build(little())
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        again.reset_classifier(3)
        assert again(torch.randn(2, 3, 64, 64)).shape == (2, 3)
    assert model.network.classes == 7
