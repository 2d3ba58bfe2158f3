"""What a weights file says beside the weights, and runs whose winner has some."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

import archdsl
from tests.saving.made import alike, said


def test_what_a_search_noted_is_kept_until_the_classes_change(spec):
    found = {"trial": 3, "metrics": {"accuracy": 0.5}}
    Path("best.yaml").write_text(spec.dump(found=found))
    model = archdsl.build("./best.yaml")
    archdsl.save(model, "mine")
    assert archdsl.load("./mine").tree["found"] == found
    model.reset_classifier(5)
    archdsl.save(model, "mine")
    assert "found" not in archdsl.load("./mine").tree


def test_of_the_images_it_is_kept_even_then_but_for_the_names_of_the_classes(spec):
    images = {"class_names": ["a", "b", "c"], "mean": [0.5]}
    Path("best.yaml").write_text(spec.dump(found={"trial": 3, "preprocessing": images}))
    save_file(
        archdsl.build(spec).state_dict(), "best.safetensors",
        metadata={"preprocessing": json.dumps(images), "note": "5"},
    )  # fmt: skip
    model = archdsl.build("./best.yaml", weights="best.safetensors")
    archdsl.save(model, "mine")
    assert json.loads(archdsl.load_model("mine").metadata["preprocessing"]) == images
    assert archdsl.load("./mine").tree["found"] == {"trial": 3, "preprocessing": images}
    model.reset_classifier(5)
    archdsl.save(model, "mine")
    images["class_names"] = []
    metadata = archdsl.load_model("mine").metadata
    assert json.loads(metadata["preprocessing"]) == images
    assert metadata["note"] == "5"
    assert archdsl.load("./mine").tree["found"] == {"preprocessing": images}


def test_weights_say_which_model_they_are_of(model):
    archdsl.save(model, "mine.safetensors")
    with safe_open("mine.safetensors", "pt") as file:
        said_there = json.loads(file.metadata()["archdsl"])
    assert said_there["spec"] == "tiny"
    assert said_there["layers"]["stages.0.blocks.0.token_mixer"] == "attention(head_dim=4)"
    lines = said(
        archdsl.build, archdsl.load("./tiny.yaml", {"params.width": 4}), "mine.safetensors"
    )
    assert lines[0] == (
        "mine.safetensors, saved from tiny, does not fit tiny, read in archdsl's own naming:"
    )
    assert lines[1] == ("  stem.0.conv.weight is (8, 3, 4, 4), and the model's is (4, 3, 4, 4)")
    assert said(archdsl.build, "poolformer_s12", "mine.safetensors")[0].startswith(
        "mine.safetensors, saved from tiny, does not fit poolformer_s12"
    )


def test_a_network_that_computes_something_else_with_weights_that_fit_is_told(model):
    archdsl.save(model, "mine.safetensors")
    other = archdsl.load("./tiny.yaml", {"block.token_mixer.head_dim": 8})
    words = (
        "mine.safetensors: its tensors fit, but it was saved from another network than tiny: "
        "stages.0.blocks.0.token_mixer was attention(head_dim=4), and is attention(head_dim=8), "
        "and so in 1 more layers"
    )
    with pytest.warns(UserWarning) as caught:
        archdsl.build(other, weights="mine.safetensors")
    assert [str(one.message) for one in caught] == [words]
    larger = archdsl.load("./tiny.yaml", {"input": [3, 32, 32], "drop_path": 0.1})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        archdsl.build(larger, weights="mine.safetensors")


def test_what_others_say_beside_the_weights_is_kept(model):
    save_file(model.state_dict(), "x.safetensors", metadata={"format": "pt", "names": "[1, 2]"})
    loaded = archdsl.build("./tiny.yaml", weights="x.safetensors")
    assert loaded.metadata == {"names": "[1, 2]"}
    loaded.metadata["note"] = "mine"
    archdsl.save(loaded, "mine")
    assert archdsl.load_model("mine").metadata == {"names": "[1, 2]", "note": "mine"}
    assert archdsl.fuse(loaded).metadata == loaded.metadata
    assert archdsl.build("./tiny.yaml", "mine", features=[0]).metadata == loaded.metadata


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "7", '{"spec": 3, "layers": {}}', '{"spec": "x", "layers": []}',
     '{"spec": "x", "layers": {}, "features": "ab"}', '{"spec": "x", "layers": {}, "more": 1}',
     '{"spec": "x", "layers": {"stem.0": 3}}', "[" * 100_000],
)  # fmt: skip
def test_what_archdsl_did_not_write_is_no_origin(model, text):
    save_file(model.state_dict(), "x.safetensors", metadata={"archdsl": text})
    assert alike(archdsl.build("./tiny.yaml", weights="x.safetensors"), model)


def test_a_run_directory_gives_its_winner_with_its_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = {}

    def judge(candidate):
        model = built[candidate.number] = candidate.build()
        archdsl.save(model, candidate.folder / "weights.safetensors")
        archdsl.save(model, tmp_path / f"trial{candidate.number}")
        return candidate.cost.params

    result = archdsl.search("digits", judge, "run", trials=3)
    best = built[result.best.number]
    model = archdsl.load_model("run")
    assert alike(model, best)
    assert model.network == result.best.spec.network()
    assert alike(archdsl.load_model(f"trial{result.best.number}"), best)
    assert alike(archdsl.build("./run", weights="run"), best)
    archdsl.save(model, "mine")
    assert alike(archdsl.load_model("mine"), best)
    other = built[next(number for number in built if built[number] is not best)]
    archdsl.save(other, "run/best.safetensors")  # it is never read to decide anything
    assert alike(archdsl.load_model("run"), best)


def test_a_winner_whose_evaluate_left_no_weights_has_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archdsl.search("digits", lambda candidate: candidate.cost.params, "run", trials=1)
    assert said(archdsl.load_model, "run") == [
        "the winner of the search in run has no weights: its evaluate left none in "
        "candidate.folder, or they were deleted.  archdsl.build('run') gives it with fresh ones"
    ]
