"""`archdsl.save` and `archdsl.load_model`: pairs of a file and a folder."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

import archdsl
from archdsl.compiler import builder
from archdsl.errors import ArchError, BuildError, SpecError

TINY = """\
archdsl: 1
name: tiny
params: {width: 8}
input: [3, 16, 16]
classes: 3
stem: {type: conv, kernel: 4, stride: 4, norm: batch_norm}
downsample: {type: conv, kernel: 2, stride: 2, padding: 0}
block:
  norm: layer_norm
  token_mixer: {type: attention, head_dim: 4}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - {dim: $width, depth: 1}
  - {dim: $width * 2, depth: 1}
search: {trials: 3}
"""

MIXERS = '''
from torch import nn

from archdsl import token_mixer


@token_mixer("pointwise_of_a_test")
class Pointwise(nn.Module):
    """A convolution twice, with one set of weights."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(dim, dim, 1)
        self.second = nn.Conv2d(dim, dim, 1)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x))
'''


@pytest.fixture
def spec(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    return archdsl.load("./tiny.yaml")


@pytest.fixture
def model(spec):
    torch.manual_seed(0)
    found = archdsl.build(spec)
    for tensor in found.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return found


def alike(one, other):
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(
        first[name].dtype == second[name].dtype and torch.equal(first[name], second[name])
        for name in first
    )


def said(call, *args, **how):
    with pytest.raises(ArchError) as caught:
        call(*args, **how)
    return str(caught.value).splitlines()


def test_a_folder_gives_the_model_again(model):
    assert archdsl.save(model, "mine") == Path("mine")
    assert sorted(path.name for path in Path("mine").iterdir()) == [
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


def test_what_a_search_noted_is_kept_until_the_classes_change(spec):
    found = {"trial": 3, "metrics": {"accuracy": 0.5}}
    Path("best.yaml").write_text(spec.dump(found=found))
    model = archdsl.build("./best.yaml")
    archdsl.save(model, "mine")
    assert archdsl.load("./mine").tree["found"] == found
    model.reset_classifier(5)
    archdsl.save(model, "mine")
    assert "found" not in archdsl.load("./mine").tree


@pytest.mark.parametrize("name", ["poolformer_s12", "digits", "mixer_s16", "ffnet_1"])
def test_the_text_of_a_shipped_spec_gives_its_network(name):
    spec = archdsl.load(name)
    assert archdsl.loads(spec.as_text().text).network() == spec.network()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_text_of_a_member_gives_its_network(seed):
    (member,) = archdsl.space("digits").sample(1, seed=seed)
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


@pytest.mark.parametrize("name", ["x.pth", "x.yaml", "x.onnx", "net.v2", "x.SAFETENSORS"])
def test_another_ending_is_refused(model, name):
    assert said(archdsl.save, model, name) == [
        f"{name}: a model is saved to a .safetensors file, or into a folder.  name one of them; a "
        "folder may have / at its end"
    ]
    archdsl.save(model, f"{name}/")
    assert alike(archdsl.load_model(name), model)


def test_a_saved_model_is_replaced_and_what_is_another_stays(model):
    archdsl.save(model, "mine")
    weights = Path("mine/model.safetensors")
    before = weights.read_bytes()
    with torch.no_grad():
        model.stem[0].conv.weight.zero_()
    archdsl.save(model, "mine")
    assert weights.read_bytes() != before
    archdsl.save(archdsl.build("poolformer_s12", classes=2), "mine")
    assert archdsl.load("./mine").name == "poolformer_s12"
    Path("mine/thesis.tex").write_text("words")
    assert said(archdsl.save, model, "mine") == [
        "mine: this folder holds something else than a saved model (thesis.tex is there).  name "
        "another one"
    ]
    assert archdsl.load("./mine").name == "poolformer_s12"
    Path("empty").mkdir()
    archdsl.save(model, "empty")
    assert alike(archdsl.load_model("empty"), model)
    Path("file").write_text("words")
    assert said(archdsl.save, model, "file") == ["file: this is no folder.  name another one"]
    assert said(archdsl.save, model, "no/where") == [
        "no/where: cannot be written (No such file or directory).  choose another place"
    ]


KILLED = """
import os, sys
import archdsl

model = archdsl.load_model("old") if sys.argv[2] == "same" else archdsl.build("./tiny.yaml")
steps = 0

def watch(event, args):
    global steps
    if event in ("os.rename", "open", "os.mkdir", "os.remove") and "mine" in str(args[0]):
        steps += 1
        if steps == int(sys.argv[1]):
            os._exit(9)

sys.addaudithook(watch)
archdsl.save(model, "mine")
print(steps)
"""


@pytest.mark.slow
@pytest.mark.parametrize("which", ["same", "other"])
def test_a_kill_at_any_step_leaves_the_old_model_the_new_one_or_none(model, which):
    other = archdsl.build("./tiny.yaml", classes=5)
    archdsl.save(other, "old")
    Path("kill.py").write_text(KILLED)
    outcomes = set()
    for step in range(1, 30):
        shutil.rmtree("mine", ignore_errors=True)
        shutil.copytree("old", "mine")
        done = subprocess.run(
            [sys.executable, "kill.py", str(step), which], capture_output=True, text=True
        )
        assert done.returncode in (0, 9), done.stderr
        try:
            found = archdsl.load_model("mine")
        except BuildError as error:
            assert which == "other"
            assert str(error) == "there is no weights file mine/model.safetensors"
            outcomes.add("none")
        else:
            outcomes.add("old" if alike(found, other) else "new")
            assert found.network.classes == (5 if alike(found, other) else 3)
        archdsl.save(model, "mine")  # whatever was left, the next one succeeds
        assert alike(archdsl.load_model("mine"), model)
        if done.returncode == 0:
            break
    else:
        raise AssertionError("it was never carried through")
    assert outcomes == {"old"} if which == "same" else {"old", "none", "new"}


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A model with a component of the user's, from a parent in another folder."""
    monkeypatch.chdir(tmp_path)
    Path("code").mkdir()
    Path("code/mixers.py").write_text(MIXERS)
    Path("code/parent.yaml").write_text(
        TINY.replace("params:", "imports: [./mixers.py]\nparams:").replace(
            "{type: attention, head_dim: 4}", "pointwise_of_a_test"
        )
    )
    Path("specs").mkdir()
    Path("specs/own.yaml").write_text("archdsl: 1\nname: own\nextends: ../code/parent.yaml\n")
    return archdsl.build("./specs/own.yaml", classes=4)


def test_components_of_ones_own_go_along(own, tmp_path, monkeypatch):
    archdsl.save(own, "mine")
    names = sorted(path.name for path in Path("mine").iterdir())
    assert names == ["mixers.py", "model.safetensors", "spec.yaml"]
    shutil.copytree("mine", "elsewhere")
    monkeypatch.chdir("/")
    again = archdsl.load_model(tmp_path / "elsewhere")
    assert alike(again, own)
    mixer = again.stages[0].blocks[0].token_mixer
    assert mixer.first.weight is mixer.second.weight  # both names are in the file
    archdsl.save(again, tmp_path / "elsewhere")
    assert alike(archdsl.load_model(tmp_path / "elsewhere"), own)
    assert said(archdsl.load_model, tmp_path / "elsewhere", imports=False)[0].endswith(
        "imports: imports of ./mixers.py are refused here"
    )
    assert said(archdsl.load_model, tmp_path / "elsewhere", sandbox=True)[0].endswith(
        "imports: the import of ./mixers.py is refused in the sandbox"
    )


def test_a_folder_needs_nothing_of_what_it_was_made_of(own, tmp_path):
    archdsl.save(own, "mine")
    shutil.rmtree("code")
    shutil.rmtree("specs")
    shutil.move("mine", "elsewhere")
    program = (
        "import sys, archdsl, torch; model = archdsl.load_model(sys.argv[1]); "
        "torch.save(model.state_dict(), sys.argv[2])"
    )
    again = tmp_path / "again.pth"
    line = [sys.executable, "-c", program, str(tmp_path / "elsewhere"), str(again)]
    subprocess.run(line, cwd="/", check=True)
    state = torch.load(again, weights_only=True)
    assert all(torch.equal(state[name], tensor) for name, tensor in own.state_dict().items())


def test_python_that_went_along_gives_way_to_another_model(own, model):
    archdsl.save(own, "mine")
    archdsl.save(model, "mine")
    names = {path.name for path in Path("mine").iterdir()} - {"__pycache__"}
    assert names == {"model.safetensors", "spec.yaml"}


def test_what_a_spec_imports_must_still_be_there(own):
    Path("code/mixers.py").unlink()
    lines = said(archdsl.save, own, "mine")
    assert lines[0].endswith("imports: there is no file code/mixers.py") or lines[0].endswith(
        "imports: there is no file specs/../code/mixers.py"
    )
    archdsl.save(own, "mine.safetensors")


def test_a_module_by_its_name_stays_one_and_is_missed_by_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("mixers_of_a_package.py").write_text(MIXERS)
    Path("own.yaml").write_text(
        TINY.replace("params:", "imports: [mixers_of_a_package]\nparams:").replace(
            "{type: attention, head_dim: 4}", "pointwise_of_a_test"
        )
    )
    own = archdsl.build("./own.yaml")
    archdsl.save(own, "mine")
    assert "imports: [mixers_of_a_package]" in Path("mine/spec.yaml").read_text()
    assert alike(archdsl.load_model("mine"), own)
    monkeypatch.delitem(sys.modules, "mixers_of_a_package")
    monkeypatch.setattr(sys, "path", [one for one in sys.path if one != str(tmp_path)])
    monkeypatch.chdir("/")
    assert said(archdsl.load_model, tmp_path / "mine")[0].endswith(
        "imports: mixers_of_a_package: no module is called mixers_of_a_package"
    )


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


def test_files_that_weights_name_elsewhere_are_left_alone(model):
    Path("keep.py").write_text("kept = 1")
    Path("keep.txt").write_text("kept")
    for name in ("../keep.py", str(Path("keep.py").absolute()), "keep.txt"):
        archdsl.save(model, "mine")
        path = Path("mine/model.safetensors")
        with safe_open(path, "pt") as file:
            said_there = json.loads(file.metadata()["archdsl"])
        said_there["files"] = [name]
        save_file(load_file(path), path, metadata={"archdsl": json.dumps(said_there)})
        archdsl.save(archdsl.build("./tiny.yaml", classes=2), "mine")
    assert Path("keep.py").read_text() == "kept = 1"


def test_a_folder_that_is_no_model_is_refused(model, tmp_path):
    Path("code").mkdir()
    Path("code/mix.py").write_text("")
    for folder in ("code", Path("code")):
        lines = said(archdsl.load_model, folder)
        assert lines == [
            "code is a folder and holds no search",
            "  name a file, the run directory of a search, or a folder that archdsl.save wrote",
        ]
    assert said(archdsl.build, "./tiny.yaml", "code")[0] == "code is a folder and holds no search"
    for name in ("no", "tiny.yaml"):
        assert said(archdsl.load_model, name) == [
            f"there is no folder {name}.  load_model takes one that archdsl.save wrote, or a run "
            "directory; archdsl.build(spec, weights=...) takes a file"
        ]
    archdsl.save(model, "mine")
    os.truncate("mine/model.safetensors", 40)
    assert said(archdsl.load_model, "mine")[0].startswith(
        "mine/model.safetensors cannot be read as weights: "
    )
    archdsl.save(model, "mine")
    Path("mine/spec.yaml").write_text("archdsl: 1\nname: x\n")
    with pytest.raises(SpecError, match=r"mine/spec\.yaml"):
        archdsl.load_model("mine")


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
