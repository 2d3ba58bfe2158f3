"""Checkpoints with the names that were published, in and out again."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.checkpoints import export_weights, import_weights, read, write
from archdsl.compiler.builder import shapes
from tests.checkpoints.made import published, tensors
from tests.soon import SMALLEST

# a published list of names, the spec, the naming
LISTS = [
    ("metaformer/poolformer_s12_224_b2", "poolformer_s12", "official"),
    ("metaformer/poolformer_s24_224_b2", "poolformer_s24", "official"),
    ("metaformer/metaformer_ppaa_s12_224_b2", "metaformer_ppaa_s12", "official"),
    ("metaformer/metaformer_ppff_s12_224_b2", "metaformer_ppff_s12", "official"),
    ("metaformer/identityformer_s12_224_b2", "identityformer_s12", "official"),
    ("metaformer/randformer_s12_224_b2", "randformer_s12", "official"),
    ("metaformer/poolformerv2_s12_224_b2", "poolformerv2_s12", "official"),
    ("metaformer/convformer_s18_224_b2", "convformer_s18", "official"),
    ("metaformer/caformer_s18_224_b2", "caformer_s18", "official"),
    ("metaformer/deit_small_224_b2", "deit_small", "official"),
    ("metaformer/deit_small_224_b2", "deit_small", "timm"),
    ("metaformer/resmlp_12_224_b2", "resmlp_s12", "timm"),
    ("metaformer/convnext_tiny_224_b2", "convnext_tiny", "timm"),
    ("metaformer/mixer_s16_224_b2", "mixer_s16", "timm"),
    ("ffnet/keys/ffnet_1_train", "ffnet_1", "official"),
    ("ffnet/keys/ffnet_2_train", "ffnet_2", "official"),
    ("transnext/keys/keys_micro", "transnext_micro", "official"),
    ("transnext/keys/keys_micro_AAAA", "transnext_micro_aaaa", "official"),
    ("transnext/keys/keys_tiny", "transnext_tiny", "official"),
]


@pytest.mark.parametrize(
    ("listed", "spec", "label"),
    [pytest.param(listed, spec, label, id=f"{spec}-{label}",
                  marks=[] if spec in SMALLEST else pytest.mark.slow)
     for listed, spec, label in LISTS],
)  # fmt: skip
def test_a_published_checkpoint_comes_in_and_goes_out_unchanged(tmp_path, listed, spec, label):
    network = archdsl.load(spec).network()
    given = tensors(published(listed))
    theirs, ours, back = (tmp_path / name for name in ("theirs.pth", "ours.safetensors", "back.pt"))
    torch.save({"state_dict": given}, theirs)
    source, *_ = import_weights(theirs, network, ours, label=label)
    assert source.label == label
    found = read(ours)
    assert {name: tuple(tensor.shape) for name, tensor in found.items()} == shapes(network)
    target = export_weights(ours, network, back, label=label).target
    assert target.label == label
    again = read(back)
    assert again.keys() == given.keys()
    for name, tensor in given.items():
        assert again[name].dtype == tensor.dtype
        assert torch.equal(again[name], tensor), name


@pytest.mark.parametrize("label", ["official", "timm"])
@pytest.mark.parametrize(
    "spec",
    ["poolformer_s12", "poolformerv2_s12", "convformer_s18", "caformer_s18", "deit_tiny",
     "resmlp_s12", "convnext_tiny", "swin_tiny"],
)  # fmt: skip
def test_our_own_go_out_and_come_in_unchanged_where_both_namings_exist(tmp_path, spec, label):
    network = archdsl.load(spec).network()
    given = tensors(shapes(network).items())
    write(tmp_path / "ours.pth", given)
    export_weights(tmp_path / "ours.pth", network, tmp_path / "theirs.pth", label=label)
    import_weights(tmp_path / "theirs.pth", network, tmp_path / "back.pth")
    back = read(tmp_path / "back.pth")
    assert list(back) == list(given)
    assert all(torch.equal(back[name], tensor) for name, tensor in given.items())


def test_from_one_published_naming_to_the_other(tmp_path):
    network = archdsl.load("poolformer_s12").network()
    given = tensors(published("metaformer/poolformer_s12_224_b2"))
    torch.save(given, tmp_path / "official.pth")
    source, target, *_ = export_weights(
        tmp_path / "official.pth", network, tmp_path / "timm.pth", label="timm"
    )
    assert (source.label, target.label) == ("official", "timm")
    timm = read(tmp_path / "timm.pth")
    renamed = {
        "patch_embed.proj.weight": "stem.conv.weight",
        "network.0.1.layer_scale_2": "stages.0.blocks.1.layer_scale2.scale",
        "network.1.proj.bias": "stages.1.downsample.conv.bias",
        "network.6.0.mlp.fc2.weight": "stages.3.blocks.0.mlp.fc2.weight",
        "norm.bias": "head.norm.bias",
        "head.weight": "head.fc.weight",
    }
    for official, name in renamed.items():
        assert torch.equal(given[official], timm[name])


def test_what_is_stored_and_not_used_is_passed_over(tmp_path):
    network = archdsl.load("swin_tiny").network()
    write(tmp_path / "ours.pth", tensors(shapes(network).items()))
    export_weights(tmp_path / "ours.pth", network, tmp_path / "theirs.pth", label="official")
    official = read(tmp_path / "theirs.pth")
    official["layers.0.blocks.1.attn_mask"] = torch.zeros(64, 49, 49)
    official["layers.0.blocks.1.attn.relative_position_index"] = torch.zeros(49, 49)
    torch.save({"model": official}, tmp_path / "theirs.pth")
    source, *_ = import_weights(tmp_path / "theirs.pth", network, tmp_path / "back.pth")
    assert source.label == "official"
    assert read(tmp_path / "back.pth").keys() == shapes(network).keys()
