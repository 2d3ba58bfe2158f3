"""Where a model may be saved to, what is replaced, and what a kill leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import archdsl
from archdsl.errors import BuildError, SpecError
from tests import started
from tests.saving.made import alike, said


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
def test_a_kill_at_any_step_leaves_the_old_model_the_new_one_or_none(model, own, which):
    archdsl.save(own, "old")
    Path("kill.py").write_text(KILLED)
    outcomes = set()
    for step in range(1, 30):
        shutil.rmtree("mine", ignore_errors=True)
        shutil.copytree("old", "mine")
        done = subprocess.run(
            [*started.python(), "kill.py", str(step), which], capture_output=True, text=True
        )
        assert done.returncode in (0, 9), done.stderr
        try:
            found = archdsl.load_model("mine")
        except BuildError as error:
            assert which == "other"
            assert str(error) == "there is no weights file mine/model.safetensors"
            outcomes.add("none")
        else:
            outcomes.add("old" if alike(found, own) else "new")
            assert found.network.classes == (4 if alike(found, own) else 3)
        archdsl.save(model, "mine")  # whatever was left, the next one succeeds
        assert alike(archdsl.load_model("mine"), model)
        names = {path.name for path in Path("mine").iterdir()} - {"__pycache__"}
        assert names == {"README.md", "config.json", "model.safetensors", "spec.yaml"}
        if done.returncode == 0:
            break
    else:
        raise AssertionError("it was never carried through")
    assert outcomes == {"old"} if which == "same" else {"old", "none", "new"}


@pytest.mark.parametrize("place", ["mine", "mine.safetensors"])
def test_several_that_save_to_one_place_at_once_leave_one_of_their_models(model, place):
    models = [archdsl.build("./tiny.yaml", classes=classes) for classes in (2, 5, 7)]
    others = {path.name for path in Path().iterdir()}
    for _ in range(2):  # where nothing is, and in the place of what is there
        together = threading.Barrier(len(models))

        def save(one, together=together):
            together.wait()
            archdsl.save(one, place)

        savers = [threading.Thread(target=save, args=(one,)) for one in models]
        for saver in savers:
            saver.start()
        for saver in savers:
            saver.join()
        found = load_file(Path(place) / "model.safetensors" if place == "mine" else place)
        states = [one.state_dict() for one in models]
        assert any(
            all(torch.equal(found[name], tensor) for name, tensor in state.items())
            for state in states
        )
        assert {path.name for path in Path().iterdir()} == {*others, place}
        if place == "mine":
            assert archdsl.load_model(place).network in [one.network for one in models]
            names = {path.name for path in Path(place).iterdir()} - {"__pycache__"}
            assert names == {"README.md", "config.json", "model.safetensors", "spec.yaml"}


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
