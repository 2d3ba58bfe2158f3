"""`archdsl export` with weights: compared with the model before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.exporters import registry
from archdsl.exporters.traced import program as programs
from tests.cli.conftest import TINY, TINY_SPACE, Ran

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a search of two trials."""
    folder = tmp_path_factory.mktemp("searched")
    (folder / "tiny.yaml").write_text(TINY.replace("[1, 8, 8]", "[1, 12, 12]"))
    (folder / "space.yaml").write_text(TINY_SPACE)
    archdsl.search(folder / "space.yaml", out=folder / "run", listener=None)
    return folder / "run"


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are captured of models without the norm before their last mixer."""
    found = programs.module_of

    def changed(*args: Any) -> nn.Module:
        model = found(*args)
        block = dict(model.named_modules()).get("stages.1.blocks.0")
        if block is not None and getattr(block, "norm2", None) is not None:
            block.norm2 = nn.Identity()
        return model

    monkeypatch.setattr(programs, "module_of", changed)


def test_a_run_leaves_with_its_weights_checked_on_its_validation_images(
    searched: Path, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.pt2"
    done = run("export", searched, "--to", "program", "-o", file)
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first == f"tiny_space is written to {file}"
    assert second.startswith(
        "checked on 16 validation images of digits, in batches of 1 and 15, with the weights given"
    )
    assert second.endswith("top class alike in 16 of 16; tolerance 1e-05")
    extra = {"preprocessing": ""}
    loaded = torch.export.load(file, extra_files=extra).module()
    model = archdsl.load_model(searched).eval()
    images = torch.randn(3, 1, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(loaded(images), model(images))
    assert '"class_names": ["0", "1"' in extra["preprocessing"]


def test_programs_are_told_what_the_check_found(searched: Path, run: Run, tmp_path: Path) -> None:
    done = run("export", searched, "--to", "program", "-o", tmp_path / "a.pt2", "--json")
    said = done.data["check"]
    assert said["images"] == "16 validation images of digits"
    assert said["largest"] <= said["tolerance"] * said["of"]
    assert (said["top_class_alike"], said["images_compared"]) == (16, 16)
    file = tmp_path / "b.pt2"
    done = run("export", searched, "--to", "program", "-o", file, "--json", "--no-check")
    assert done.data["check"] is None and file.is_file()


@pytest.mark.slow
@pytest.mark.usefixtures("wrong")
def test_a_trained_model_that_leaves_wrong_is_refused_and_nothing_written(
    searched: Path, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.pt2"
    done = run("export", searched, "--to", "program", "-o", file)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("program does not say what the model says: largest difference ")
    assert ".  it differs from stages.1.blocks.0.norm2 on; nothing was" in done.err
    assert list(tmp_path.iterdir()) == []
    done = run("export", searched, "--to", "program", "-o", file, "--json")
    assert done.code == 1
    assert done.data["error"]["type"] == "ExportDiffers"
    assert run("export", searched, "--to", "program", "-o", file, "--no-check").code == 0
    assert file.is_file()


def test_code_is_checked_with_weights_that_it_does_not_carry(
    searched: Path, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "tiny.py"
    plain = run("export", searched, "-o", file).out
    assert plain == f"tiny_space is written to {file}\n"
    text = file.read_text()
    for more in (["--check"], ["--weights", searched]):
        done = run("export", searched, "-o", file, *more)
        assert done.code == 0
        assert "with the weights given: largest difference 0.0e+00" in done.out
        assert file.read_text() == text
    done = run("export", searched, "--check")
    assert done.out == text
    assert "tolerance 0e+00" in done.err


def test_maps_of_stages_and_the_deployed_form_are_asked_for(
    searched: Path, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "maps.pt2"
    done = run("export", searched, "--to", "program", "--backbone", "1,0", "--fused", "-o", file)
    assert done.code == 0 and "top class" not in done.out
    maps = torch.export.load(file).module()(torch.randn(3, 1, 12, 12))
    assert [tuple(one.shape) for one in maps] == [(3, 16, 6, 6), (3, 8, 12, 12)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--backbone", "0,x"], "'0,x' is no list of stages: write their numbers, as 0,1,2,3"),
        (["--backbone", "7"], "there is no stage 7; its stages are 0 1"),
        (["--opset", "20"], "program has no opset.  drop it, or choose  onnx"),
        ([], "program gives bytes, which are not printed.  write them with  -o"),
    ],
)
def test_what_is_not_there_is_refused(tiny: Path, run: Run, more: list[str], said: str) -> None:
    done = run("export", tiny, "--to", "program", *more)
    assert done.code == 2
    assert said in done.err


def test_weights_for_a_form_without_a_runner_are_said_to_be_unchecked(
    tiny: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @registry.form("counted")
    def counted(network: object, weights: Any) -> registry.Files:
        """how many tensors"""
        return {"count.txt": str(len(weights))}

    torch.save(archdsl.build(tiny).state_dict(), tmp_path / "tiny.pt")
    where = tmp_path / "count.txt"
    done = run("export", tiny, "--to", "counted", "--weights", tmp_path / "tiny.pt", "-o", where)
    assert done.out.endswith("not checked: the form 'counted' has no runner\n")


def test_a_form_that_says_something_else_is_refused_and_nothing_written(
    tiny: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))

    @registry.form("zeros", run=lambda files: lambda images: torch.zeros(len(images), 10))
    def zeros(network: object) -> registry.Files:
        """nothing"""
        return {"zeros.txt": ""}

    where = tmp_path / "zeros.txt"
    done = run("export", tiny, "--to", "zeros", "--check", "-o", where)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("zeros does not say what the model says: largest difference ")
    assert not where.exists()
    done = run("export", tiny, "--to", "zeros", "--check", "-o", where, "--json")
    assert done.code == 1
    assert done.data["error"]["type"] == "ExportDiffers"
    assert run("export", tiny, "--to", "zeros", "-o", where).code == 0
    assert where.is_file()


def test_fresh_weights_are_said_to_be_fresh(tiny: Path, run: Run, tmp_path: Path) -> None:
    done = run("export", tiny, "--to", "program", "--check", "-o", tmp_path / "tiny.pt2")
    _, checked, fresh = done.out.splitlines()
    assert "with fresh weights: largest difference" in checked
    assert fresh == "its weights are fresh ones: name trained ones by  --weights"


@pytest.mark.slow
def test_a_whole_search_leaves_as_onnx(searched: Path, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    done = run("export", searched, "--to", "onnx", "-o", tmp_path / "tiny.onnx")
    assert done.code == 0 and "16 validation images of digits" in done.out


def test_weights_of_other_classes_offer_what_export_has(run, tiny, tmp_path) -> None:
    archdsl.save(archdsl.build(tiny), tmp_path / "own.safetensors")
    words = ("export", tiny, "--weights", tmp_path / "own.safetensors", "--to", "code")
    assert run(*words, "-o", tmp_path / "own.py").code == 0
    ran = run(*words, "-o", tmp_path / "other.py", "--set", "classes=5")
    assert ran.code == 2 and "drop_head" not in ran.err and "--drop-head" not in ran.err
    assert "name the spec with as many\n  as the file has, as with  --set classes=N" in ran.err
