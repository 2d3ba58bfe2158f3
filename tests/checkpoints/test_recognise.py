"""Which naming a file is in, and what is said of one that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.api import baselines
from archdsl.checkpoints import export_weights, head_names, import_weights, read, write
from archdsl.checkpoints.fit import known_namings
from archdsl.checkpoints.naming import Naming, Rule
from archdsl.checkpoints.pattern import Pattern
from archdsl.checkpoints.recognise import Target, only
from archdsl.compiler.builder import shapes
from archdsl.errors import BuildError
from tests.checkpoints.made import published, tensors

HERE = Path("x.pth")


def in_naming(spec, label):
    """The names and shapes of a spec's tensors in a naming."""
    model = shapes(spec.network())
    found = {naming.label: where for naming, where in known_namings(spec.name, model)}
    return {entry.name: entry.axes.their_shape(model[name]) for name, entry in found[label].items()}


def recognised(path, file, network, **how):
    """How a file of these names and shapes fits a network."""
    target = Target(network, **how)
    found = target.whole(file)
    if not found:
        raise BuildError(target.refusal(str(path), file))
    return only(path, network, found)


def told(spec, file, **how):
    """What is said of a file that does not fit a spec."""
    network = spec.network()
    with pytest.raises(BuildError) as caught:
        recognised(HERE, file, network, **how)
    return str(caught.value)


@pytest.mark.parametrize("name", ["poolformer_s12", "caformer_s18"])
@pytest.mark.parametrize("label", ["archdsl", "official", "timm"])
def test_a_file_is_recognised_by_its_names(little, name, label):
    network = little(name).network()
    found = recognised(HERE, in_naming(little(name), label), network)
    assert found.naming.label == label


def test_a_spec_of_ones_own_has_the_namings_of_its_family(little):
    tree = {**little("poolformer_s12").tree, "name": "mine"}
    mine = archdsl.load(tree)
    for label in ("official", "timm"):
        file = in_naming(little("poolformer_s12"), label)
        found = recognised(HERE, file, mine.network())
        assert (found.naming.family, found.naming.label) == ("poolformer", label)


def test_namings_that_call_everything_alike_are_no_tie(little):
    file = in_naming(little("deit_tiny"), "timm")
    network = little("deit_tiny").network()
    assert recognised(HERE, file, network).naming.label == "official"
    assert recognised(HERE, file, network, label="timm").naming.label == "timm"


def test_a_file_that_fits_in_two_ways_is_refused(little, monkeypatch):
    def swapped(_: str) -> list[Naming]:
        rules = [("stem.0.conv.{leaf}",) * 2, ("stages.0.blocks.{j}.norm1.{leaf}",) * 2]
        first = Naming("official", "one", tuple(Rule(Pattern(a), Pattern(b)) for a, b in rules))
        rules = [
            ("stages.{i}.blocks.{j}.norm1.{rest}", "stages.{i}.blocks.{j}.norm2.{rest}"),
            ("stages.{i}.blocks.{j}.norm2.{rest}", "stages.{i}.blocks.{j}.norm1.{rest}"),
            ("{rest}", "{rest}"),
        ]
        second = Naming("timm", "two", tuple(Rule(Pattern(a), Pattern(b)) for a, b in rules))
        return [first, second]

    monkeypatch.setattr("archdsl.checkpoints.fit.namings", swapped)
    spec = little("poolformer_s12")
    assert told(spec, shapes(spec.network())).splitlines() == [
        "x.pth fits poolformer_s12 in more than one naming: archdsl and timm (two)",
        "  say which it is: archdsl weights import FILE --from ...",
    ]
    network = spec.network()
    found = recognised(HERE, shapes(network), network, label="timm")
    assert found.entries["stages.0.blocks.0.norm1.bias"].name == "stages.0.blocks.0.norm2.bias"


def test_the_first_five_that_are_missing_are_named_as_the_file_would_name_them(little):
    file = in_naming(little("poolformer_s12"), "official")
    for name in list(file):
        if name.startswith("network.0.1"):
            del file[name]
    assert told(little("poolformer_s12"), file).splitlines() == [
        "x.pth does not fit poolformer_s12, read in the official naming:",
        "  network.0.1.norm1.weight (stages.0.blocks.1.norm1.weight) is missing",
        "  network.0.1.norm1.bias (stages.0.blocks.1.norm1.bias) is missing",
        "  network.0.1.layer_scale_1 (stages.0.blocks.1.layer_scale1.scale) is missing",
        "  network.0.1.norm2.weight (stages.0.blocks.1.norm2.weight) is missing",
        "  network.0.1.norm2.bias (stages.0.blocks.1.norm2.bias) is missing",
        "  and 5 more",
    ]


def test_names_that_the_model_has_not_are_told(little):
    file = {**shapes(little("poolformer_s12").network()), "ema.decay": (1,)}
    assert told(little("poolformer_s12"), file).splitlines() == [
        "x.pth does not fit poolformer_s12, read in archdsl's own naming:",
        "  ema.decay is not one of this model's",
    ]


def test_other_shapes_are_told_as_the_file_has_them(little):
    file = in_naming(little("caformer_s18"), "official")
    name = "stages.2.0.mlp.fc1.weight"  # a linear layer there, a convolution here
    assert file[name] == (128, 32)
    file[name] = (128, 33)
    assert told(little("caformer_s18"), file).splitlines() == [
        "x.pth does not fit caformer_s18, read in the official naming:",
        f"  {name} (stages.2.blocks.0.channel_mixer.fc1.weight) is (128, 33), "
        "and the model's is (128, 32)",
    ]


def test_a_file_of_something_else_is_told_by_its_own_names(little):
    file = {f"layer{k}.weight": (k, 3) for k in range(7)}
    assert told(little("poolformer_s12"), file).splitlines() == [
        "x.pth is not for poolformer_s12: none of its names is one of the model's in any naming",
        *(f"  layer{k}.weight ({k}, 3)" for k in range(5)),
        "  and 2 more",
    ]


def test_the_naming_that_a_file_is_in_is_told_where_another_was_asked_for(little):
    file = in_naming(little("poolformer_s12"), "timm")
    said = told(little("poolformer_s12"), file, label="official").splitlines()
    assert said[0].endswith("none of its names is one of the model's in the official naming")
    assert said[-1] == "  it fits in the timm naming"


def test_a_naming_that_a_spec_has_not_is_refused_with_those_it_has():
    spec = archdsl.load("transnext_micro")
    said = told(spec, {}, label="timm")
    assert said == "transnext_micro has no timm names; it has: official"


@pytest.mark.parametrize(
    ("listed", "asked", "right"),
    [
        ("poolformer_s24_224_b2", "poolformer_s12", "it fits poolformer_s24"),
        ("convformer_s18_224_b2", "caformer_s18", "it fits convformer_s18"),
        ("metaformer_ppaa_s12_224_b2", "poolformer_s12", "it fits metaformer_ppaa_s12"),
        ("caformer_s18_224_b2", "deit_tiny", "it fits caformer_s18"),
        # equal in every name and shape: a pooling mixer has no weights
        (
            "poolformer_s12_224_b2", "poolformer_s36",
            "it fits metaformer_id_s12 and poolformer_s12",
        ),
    ],
)  # fmt: skip
def test_the_right_spec_is_suggested(listed, asked, right):
    file = dict(published(f"metaformer/{listed}"))
    assert told(archdsl.load(asked), file, others=baselines).splitlines()[-1] == f"  {right}"


def test_the_right_spec_is_suggested_whatever_the_classes(little):
    file = dict(published("metaformer/poolformer_s24_224_b2"))
    file |= {"head.weight": (21_841, 512), "head.bias": (21_841,)}
    said = told(archdsl.load("poolformer_s12"), file, others=baselines)
    assert said.splitlines()[-1] == "  it fits poolformer_s24"


def test_a_file_for_the_spec_without_its_changes_is_told_so(little):
    file = shapes(archdsl.load("poolformer_s12").network())
    said = told(little("poolformer_s12"), file, others=baselines)
    assert said.splitlines()[-1] == "  it fits poolformer_s12 as it is shipped, without changes"


def test_nothing_is_suggested_for_a_file_that_fits_no_spec(little):
    file = in_naming(little("poolformer_s12"), "official")
    del file["norm.bias"]
    said = told(little("poolformer_s12"), file, others=baselines)
    assert said.splitlines()[-1] == "  norm.bias (head.norm.bias) is missing"


def test_another_number_of_classes_is_told_with_its_cure(little):
    file = in_naming(archdsl.load(little("poolformer_s12"), {"classes": 1000}), "official")
    assert told(little("poolformer_s12"), file).splitlines() == [
        "x.pth does not fit poolformer_s12, read in the official naming:",
        "  head.weight (head.classifier.weight) is (1000, 20), and the model's is (7, 20)",
        "  head.bias (head.classifier.bias) is (1000,), and the model's is (7,)",
        "  it is for another number of classes than 7.  drop_head=True, on the command line",
        "  --drop-head, leaves them out, and the model starts its own afresh",
    ]


def test_the_head_is_dropped_on_request(little, tmp_path):
    spec = little("caformer_s18")
    classifier = {"head.fc2.weight", "head.fc2.bias"}
    assert head_names(spec.network()) == classifier
    given = tensors(in_naming(archdsl.load(spec, {"classes": 1000}), "timm").items())
    write(tmp_path / "theirs.pth", given)
    with pytest.raises(BuildError, match="another number of classes"):
        import_weights(tmp_path / "theirs.pth", spec.network(), tmp_path / "ours.pth")
    import_weights(tmp_path / "theirs.pth", spec.network(), tmp_path / "ours.pth", drop_head=True)
    assert shapes(spec.network()).keys() - read(tmp_path / "ours.pth").keys() == classifier


def test_an_export_knows_the_names_that_there_are(tmp_path):
    spec = archdsl.load("transnext_micro")
    with pytest.raises(BuildError, match="transnext_micro has no timm names; it has: official"):
        export_weights(tmp_path / "x.pth", spec.network(), tmp_path / "y.pth", label="timm")
