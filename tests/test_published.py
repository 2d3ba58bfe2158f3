"""What is listed of the published models is what archdsl counts."""

from __future__ import annotations

import pytest

import archdsl
from archdsl import shipped
from archdsl.published import published

MODELS = published()
QUICK = ("poolformer_s12", "caformer_s18", "ffnet_1", "deit_tiny", "convnext_tiny", "mixer_s16")


def test_every_baseline_is_listed_and_nothing_else():
    assert sorted(MODELS) == shipped.names(shipped.BASELINES)


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS],
)
def test_the_figures_are_those_of_the_counter(name):
    cost = archdsl.count(name)
    assert (MODELS[name].params, MODELS[name].macs) == (cost.params, cost.macs)


def test_accuracies_are_percentages_and_weights_have_a_place():
    for model in MODELS.values():
        assert model.top1 is None or 70 < model.top1 < 90
        assert model.weights is None or model.weights.startswith(("GitHub, ", "Hugging Face, "))


def test_the_comment_of_a_spec_says_the_same():
    for name, model in MODELS.items():
        text = shipped.shipped(name).read_text(encoding="utf-8")
        comment = text[: text.index("archdsl: 1")].replace("\n#", "")
        assert f"{model.params:,} params" in comment
        assert f"{model.macs:,} MACs" in comment
        if model.top1 is not None:
            assert f"Published top-1: {model.top1}" in comment
