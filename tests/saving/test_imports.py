"""Saved models with components of the user's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import torch

import archdsl
from tests import started
from tests.saving.made import MIXERS, TINY, alike, said


def test_components_of_ones_own_go_along(own, tmp_path, monkeypatch):
    archdsl.save(own, "mine")
    names = sorted(path.name for path in Path("mine").iterdir())
    assert names == [
        "README.md",
        "config.json",
        "mixers.py",
        "model.safetensors",
        "spec.yaml",
    ]
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
    line = [*started.python(), "-c", program, str(tmp_path / "elsewhere"), str(again)]
    subprocess.run(line, cwd="/", check=True)
    state = torch.load(again, weights_only=True)
    assert all(torch.equal(state[name], tensor) for name, tensor in own.state_dict().items())


def test_python_that_went_along_gives_way_to_another_model(own, model):
    archdsl.save(own, "mine")
    archdsl.save(model, "mine")
    names = {path.name for path in Path("mine").iterdir()} - {"__pycache__"}
    assert names == {"README.md", "config.json", "model.safetensors", "spec.yaml"}


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
