"""archdsl's models in timm, beside timm's own with the same weights: `make timm`.

Where timm is not installed nothing here runs but what is said then.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl import shipped
from archdsl.errors import BuildError

HERE = importlib.util.find_spec("timm") is not None
ROOT = Path(__file__).parents[2]
here = pytest.mark.skipif(not HERE, reason="runs by  make timm")

PAIRS = {
    "poolformer_s12": "poolformer_s12",
    "poolformerv2_s12": "poolformerv2_s12",
    "convformer_s18": "convformer_s18",
    "caformer_s18": "caformer_s18",
    "convnext_tiny": "convnext_tiny",
    "deit_small": "deit_small_patch16_224",
    "swin_tiny": "swin_tiny_patch4_window7_224",
    "resmlp_s12": "resmlp_12_224",
    "mixer_s16": "mixer_s16_224",
}
STAGED = ("poolformer_s12", "poolformerv2_s12", "convformer_s18", "caformer_s18", "convnext_tiny")
"""Whose maps at the ends of stages are the same as timm's, in the same form."""

OWN_HEAD = "poolformer_s12"
"""timm's pools before it normalises, and its authors' after: other logits by the same weights."""

CLOSE = 1e-5
"""Of the largest number of an output: what the order of sums makes of float32."""


def create(name: str, **options: Any) -> Any:
    import timm

    return timm.create_model(name, **options)


@pytest.fixture(autouse=True)
def _quiet(recwarn: pytest.WarningsRecorder) -> None:
    """timm's own warnings, on import and of names that moved, are not of archdsl."""
    import warnings

    warnings.simplefilter("ignore")


@pytest.fixture(scope="module")
def names() -> list[str]:
    return archdsl.timm.register()


@torch.no_grad()
def drawn(model: nn.Module) -> nn.Module:
    """Every tensor drawn anew: fresh layer scales hide what they scale."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and "running_var" not in name:
            scale = 0.05 if tensor.ndim > 1 else 0.5
            tensor.add_(torch.randn(tensor.shape, generator=generator) * scale)
    return model.eval()


def gap(one: Tensor, other: Tensor) -> float:
    """The largest difference, as a share of the largest number."""
    return float((one - other).abs().max() / other.abs().max())


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest, names: list[str], tmp_path_factory: Any) -> Any:
    """An archdsl model from timm's weights, that model, and images."""
    theirs = drawn(create(PAIRS[request.param]))
    file = tmp_path_factory.mktemp("weights") / "theirs.pth"
    torch.save({"state_dict": theirs.state_dict()}, file)
    ours = create(f"archdsl_{request.param}", checkpoint_path=str(file)).eval()
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    return request.param, ours, theirs, images


@here
@pytest.mark.slow
@torch.no_grad()
def test_it_says_what_timms_model_says(pair: Any, capsys: pytest.CaptureFixture[str]) -> None:
    name, ours, theirs, images = pair
    logits = ours(images)
    what = ours.forward_features if name == OWN_HEAD else ours
    found = gap(what(images), (theirs.forward_features if name == OWN_HEAD else theirs)(images))
    with capsys.disabled():
        print(f"\n{name}: {found:.1e} of the largest number", end="")
    assert found < CLOSE
    assert torch.equal(ours.forward_head(ours.forward_features(images)), logits)
    last, maps = ours.forward_intermediates(images)
    assert torch.equal(ours.forward_head(last), logits)
    if name in STAGED:
        theirs_last, their_maps = theirs.forward_intermediates(images)
        assert gap(last, theirs_last) < CLOSE
        assert max(map(gap, maps, their_maps)) < CLOSE
        assert gap(ours.forward_features(images), theirs.forward_features(images)) < CLOSE
    if name == "swin_tiny":
        their_maps = theirs.forward_intermediates(images, intermediates_only=True)
        assert max(map(gap, maps, their_maps)) < CLOSE


@here
@pytest.mark.slow
@torch.no_grad()
def test_what_the_classifier_is_given_is_the_same(pair: Any) -> None:
    name, ours, theirs, images = pair
    given = ours.forward_head(ours.forward_features(images), pre_logits=True)
    assert torch.allclose(ours.get_classifier()(given), ours(images))
    their = theirs.forward_head(theirs.forward_features(images), pre_logits=True)
    if name not in ("convformer_s18", "caformer_s18", OWN_HEAD):  # timm stops before their MLP
        assert gap(given, their) < CLOSE
    ours.reset_classifier(0)
    theirs.reset_classifier(0)
    assert name == OWN_HEAD or gap(ours(images), theirs(images)) < CLOSE
    for model in (ours, theirs):
        model.reset_classifier(7)
    assert ours(images).shape == theirs(images).shape == (2, 7)
    assert ours.num_classes == 7
    assert type(ours.get_classifier()) is nn.Linear


@here
@pytest.mark.slow
@pytest.mark.parametrize("name", STAGED)
@torch.no_grad()
def test_features_are_described_and_given_as_timms(name: str, names: list[str]) -> None:
    for options in ({}, {"out_indices": (1, -1)}, {"out_indices": (0, 1)}):
        ours = create(f"archdsl_{name}", features_only=True, **options).eval()
        theirs = create(PAIRS[name], features_only=True, **options).eval()
        images = torch.randn(1, 3, 96, 96)
        assert ours.feature_info.channels() == theirs.feature_info.channels()
        assert ours.feature_info.reduction() == theirs.feature_info.reduction()
        assert [one.shape for one in ours(images)] == [one.shape for one in theirs(images)]
        parameters = [sum(p.numel() for p in one.parameters()) for one in (ours, theirs)]
        assert parameters[0] <= parameters[1]  # what comes after the last map is gone


@here
@pytest.mark.slow
def test_every_shipped_spec_is_there_with_its_configuration(names: list[str]) -> None:
    import timm

    assert sorted(names) == sorted(f"archdsl_{name}" for name in shipped.names())
    assert set(timm.list_models("archdsl_*")) >= set(names)
    assert archdsl.timm.register() == names  # again, and nothing changes
    for ours, theirs in PAIRS.items():
        cfg, their = (timm.get_pretrained_cfg(one) for one in (f"archdsl_{ours}", theirs))
        assert (cfg.input_size, cfg.num_classes) == (their.input_size, their.num_classes)
        if ours not in ("deit_small", "swin_tiny", "mixer_s16", "convnext_tiny"):
            # of those timm's own weights are others, or it cuts otherwise than their authors
            assert (cfg.mean, cfg.std, cfg.crop_pct) == (their.mean, their.std, their.crop_pct)
        assert cfg.classifier


@here
@pytest.mark.slow
def test_what_timm_asks_of_a_model_is_what_its_spec_becomes(names: list[str]) -> None:
    from archdsl.nn.block import DropPath

    model = create("archdsl_poolformer_s12", num_classes=5, in_chans=1, drop_path_rate=0.3,
                   drop_rate=0.2)  # fmt: skip
    assert model(torch.randn(2, 1, 64, 64)).shape == (2, 5)
    rates = [one.rate for one in model.modules() if isinstance(one, DropPath)]
    assert max(rates) == pytest.approx(0.3)
    assert model.head.dropout.p == 0.2
    assert model.default_cfg is model.pretrained_cfg
    assert model.default_cfg["crop_pct"] == 0.9
    model.set_grad_checkpointing()
    model(torch.randn(2, 1, 64, 64)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    bare = create("archdsl_poolformer_s12", num_classes=0, global_pool="").eval()
    assert bare(torch.randn(1, 3, 64, 64)).shape == (1, 512, 2, 2)
    pooled = create("archdsl_caformer_s18", num_classes=0).eval()
    assert pooled(torch.randn(1, 3, 64, 64)).shape == (1, 512)


@here
@pytest.mark.slow
def test_a_spec_of_ones_own_trains_with_timms_optimiser(tmp_path: Path, names: list[str]) -> None:
    from timm.optim import create_optimizer_v2, param_groups_layer_decay

    (tmp_path / "mine.yaml").write_text(
        "archdsl: 1\nname: mine\nextends: poolformer_s12\ninput: [3, 32, 32]\nclasses: 4\n"
    )
    assert archdsl.timm.register(tmp_path / "mine.yaml") == ["archdsl_mine"]
    model = create("archdsl_mine")
    assert model.num_classes == 4
    groups = param_groups_layer_decay(model, 0.05, layer_decay=0.7)
    assert len({group["lr_scale"] for group in groups}) > 10
    optimizer = create_optimizer_v2(model, opt="adamw", lr=1e-3, layer_decay=0.7)
    before = model.stem[0].conv.weight.clone()
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    optimizer.step()
    assert not torch.equal(before, model.stem[0].conv.weight)
    file = tmp_path / "mine.safetensors"
    archdsl.save(archdsl.build(tmp_path / "mine.yaml"), file)
    again = create("archdsl_mine", checkpoint_path=str(file))
    state = archdsl.build(tmp_path / "mine.yaml", weights=file).state_dict()
    assert all(torch.equal(again.state_dict()[name], one) for name, one in state.items())


@here
@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pretrained": True}, r"archdsl brings no weights.  download them \(GitHub, release v1.0"),
        ({"depths": (1, 2)}, r"timm's depths = \(1, 2\) is nothing that this model takes"),
        ({"global_pool": "max"}, "global_pool is 'max', and a head pools as its spec says"),
        ({"features_only": True, "out_indices": (9,)}, "stages .* are asked for, and poolformer"),
        ({"drop_path_rate": 3.0}, "drop_path"),
    ],
)
def test_what_a_model_cannot_have_is_said(
    options: dict[str, Any], said: str, names: list[str]
) -> None:
    with pytest.raises(archdsl.errors.ArchError, match=said):
        create("archdsl_poolformer_s12", **options)


@here
@pytest.mark.slow
def test_the_blocks_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.docs.page import Page

    page = Page("timm.md")
    page.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    (block,) = page.of("python")
    exec(compile(block.text, "timm.md", "exec"), {})
    assert all(f"`{name}`" in page.text for name in PAIRS)


@here
def test_the_packages_are_those_of_the_makefile() -> None:
    from importlib import metadata

    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^TIMM \?= (.+)$", makefile, re.MULTILINE)
    assert line.split() == [f"{one}=={metadata.version(one)}" for one in ("timm", "torchvision")]


@pytest.mark.skipif(HERE, reason="timm is installed")
def test_without_timm_the_cure_is_named() -> None:
    with pytest.raises(BuildError, match=r"timm cannot be imported .*pip install timm"):
        archdsl.timm.register()
