"""`archdsl weights`: checkpoints renamed on the command line."""

from __future__ import annotations

import pytest
import torch

import archdsl

LITTLE = """
archdsl: 1
name: poolformer_little
extends: poolformer_s12
input: [3, 64, 64]
classes: 7
stages.0.dim: 8
stages.1.dim: 12
stages.2: {dim: 16, depth: 2}
stages.3.dim: 20
"""


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "poolformer_little.yaml"
    path.write_text(LITTLE)
    return path


@pytest.fixture
def ours(spec, tmp_path):
    path = tmp_path / "ours.pth"
    torch.save(archdsl.build(spec).state_dict(), path)
    return path


def weights(path):
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("label", ["official", "timm"])
def test_out_and_in_again_is_the_identity(run, spec, ours, label):
    theirs, back = ours.with_name("theirs.pth"), ours.with_name("back.pth")
    done = run("weights", "export", ours, "--to", label, "--spec", spec, "-o", theirs)
    assert done.code == 0
    assert done.out.startswith(
        f"poolformer_little: {ours}, in archdsl's own naming, is written to {theirs} "
        f"in the {label} naming\n"
    )
    assert "stages.0.blocks.0.channel_mixer.fc1.weight" not in weights(theirs)
    done = run("weights", "import", theirs, "--from", label, "--spec", spec, "-o", back)
    assert done.code == 0
    given, found = weights(ours), weights(back)
    assert list(given) == list(found)
    assert all(torch.equal(found[name], tensor) for name, tensor in given.items())


def test_the_note_on_timms_poolformer_is_said(run, spec, ours):
    theirs, back = ours.with_name("theirs.pth"), ours.with_name("back.safetensors")
    note = "timm's PoolFormer is not the official one: its head pools before it normalises"
    done = run("weights", "export", ours, "--to", "timm", "--spec", spec, "-o", theirs)
    assert f"\nnote: {note}" in done.out
    line = ("weights", "import", theirs, "--spec", spec, "-o", back)
    assert f"\nnote: {note}" in run(*line).out
    data = run(*line, "--json").data
    assert (data["spec"], data["from"], data["to"]) == ("poolformer_little", "timm", "archdsl")
    assert data["path"] == str(back)
    assert data["notes"][0].startswith(note)
    done = run("weights", "import", ours, "--spec", spec, "-o", back, "--json")
    assert done.data["notes"] == []


def test_a_head_of_other_classes_is_dropped_on_request_alone(run, spec, ours):
    out = ours.with_name("out.pth")
    line = ("weights", "import", ours, "--spec", spec, "--set", "classes=9", "-o", out)
    done = run(*line)
    assert done.code == 2
    assert "it is for another number of classes than 9" in done.err
    assert not out.exists()
    assert run(*line, "--drop-head").code == 0
    assert weights(ours).keys() - weights(out).keys() == {
        "head.classifier.weight", "head.classifier.bias",
    }  # fmt: skip
    archdsl.build(spec, weights=out, classes=3, drop_head=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "X", "--to", "timm"], "archdsl weights import takes --from"),
        (["export", "X"], "archdsl weights export takes --to official or timm"),
        (["export", "X", "--to", "timm", "--from", "timm"], "archdsl weights export takes --to"),
        (["export", "X", "--to", "onnx"], "invalid choice: 'onnx'"),
        (["rename", "X"], "invalid choice: 'rename'"),
        (["import", "no.pth"], "there is no weights file no.pth"),
        (["import", "X", "--from", "timm"], "it fits in archdsl's own naming"),
        (["import", "X", "--set", "stages.2.depth=3"], "stages.2.blocks.2.norm1.weight is missing"),
    ],
)
def test_a_mistake_is_told_in_words(run, spec, ours, words, said):
    words = [str(ours) if word == "X" else word for word in words]
    out = ours.with_name("y.pth")
    done = run("weights", *words, "--spec", spec, "-o", out)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert not out.exists()


def test_the_spec_and_the_place_are_asked_for(run, ours):
    done = run("weights", "import", ours)
    assert done.code == 2
    assert "the following arguments are required: --spec, -o/--out" in done.err


def test_of_averaged_weights_and_others_one_is_chosen(run, spec, ours):
    plain = weights(ours)
    averaged = {name: tensor + 1 for name, tensor in plain.items()}
    both, out = ours.with_name("both.pth"), ours.with_name("out.pth")
    wrapped = {f"module.{name}": tensor for name, tensor in averaged.items()}
    torch.save({"model": plain, "model_ema": wrapped}, both)
    line = ("weights", "import", both, "--spec", spec, "-o", out)
    done = run(*line)
    assert done.out.splitlines() == [
        f"poolformer_little: model of {both}, in archdsl's own naming, is written to {out} in "
        "archdsl's own naming",
        "note: model was taken; model_ema has averaged weights, which ema=True takes, on the "
        "command line --ema",
    ]
    assert torch.equal(weights(out)["stem.0.conv.bias"], plain["stem.0.conv.bias"])
    done = run(*line, "--ema")
    assert done.out.startswith(f"poolformer_little: module. of model_ema of {both}, in archdsl's")
    assert "note:" not in done.out
    assert torch.equal(weights(out)["stem.0.conv.bias"], averaged["stem.0.conv.bias"])
    done = run(*line, "--no-ema", "--json")
    assert (done.data["part"], done.data["notes"]) == ("model", [])
    line = ("weights", "export", both, "--to", "timm", "--spec", spec, "-o", out, "--ema")
    assert run(*line).code == 0
    assert torch.equal(weights(out)["stem.conv.bias"], averaged["stem.0.conv.bias"])
    done = run("weights", "import", ours, "--spec", spec, "-o", out, "--ema")
    assert done.code == 2
    assert f"{ours} has no averaged weights: it holds a state dict alone" in done.err


def test_a_folder_of_a_saved_model_stands_for_its_spec_and_its_weights(run, spec, tmp_path):
    model = archdsl.build(spec)
    folder, out = tmp_path / "saved", tmp_path / "out.pth"
    archdsl.save(model, folder)
    done = run("weights", "export", folder, "--to", "official", "--spec", folder, "-o", out)
    assert done.code == 0, done.err
    assert torch.equal(weights(out)["patch_embed.proj.bias"], model.stem[0].conv.bias)
    assert run("count", folder).code == 0
