"""`archdsl train`: what it leaves, how it goes on, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import archdsl
from tests.cli.conftest import TINY, Ran

PROXY = """
search:
  proxy:
    data: {type: digits, canvas: 8, noise: 0.0, clutter: 0}
    epochs: 2
    steps_per_epoch: 3
    validation_steps: 1
    warmup: 0
"""

Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY + PROXY)
    return path


def record(folder: Path = Path("runs/tiny-train")) -> Any:
    return json.loads((folder / "train.json").read_text())


def figures(folder: Path = Path("runs/tiny-train")) -> list[Any]:
    return [one["metrics"] for one in record(folder)["epochs"]]


def test_a_training_leaves_its_record_weights_spec_and_page(run: Run, spec: Path) -> None:
    ran = run("train", spec)
    assert ran.code == 0, ran.err
    folder = Path("runs/tiny-train")
    left = {"train.json", "last.ckpt", "best.safetensors", "spec.yaml", "train.html", "data.jsonl"}
    assert left <= {path.name for path in folder.iterdir()}
    said = record()
    assert said["stand"] == "done" and len(said["epochs"]) == 2 and said["seed"] == 0
    assert said["recipe"]["steps_per_epoch"] == 3
    assert said["best"]["metrics"]["accuracy"] == max(m["accuracy"] for m in figures())
    assert said["final"] == said["epochs"][-1]
    assert said["sessions"][0]["versions"]["torch"] == torch.__version__
    assert "epoch 1 of 2" in ran.err and "images/s" in ran.err
    assert (
        "in runs/tiny-train: best.safetensors spec.yaml last.ckpt train.json train.html" in ran.out
    )


def test_what_it_leaves_is_taken_by_the_other_verbs(run: Run, spec: Path) -> None:
    from archdsl.training import DataSource, Recipe, prepare
    from archdsl.training.evaluate import evaluate

    assert run("train", spec).code == 0
    folder = Path("runs/tiny-train")
    model = archdsl.load_model(folder)
    again = archdsl.build(folder / "spec.yaml", weights=folder / "best.safetensors")
    assert all(map(torch.equal, model.state_dict().values(), again.state_dict().values()))
    recipe = Recipe.of(archdsl.load(spec).settings().proxy)
    source = DataSource.of(archdsl.load(spec).settings().proxy)
    seen = evaluate(model, recipe, prepare(recipe, source, (1, 8, 8), 10), "val")
    assert seen["accuracy"] == record()["best"]["metrics"]["accuracy"]
    with safe_open(folder / "best.safetensors", "pt") as file:
        said = json.loads(file.metadata()["preprocessing"])
    assert said["class_names"] == [str(digit) for digit in range(10)]
    ran = run("export", folder, "--to", "code", "-o", "tiny.py")
    assert ran.code == 0, ran.err


def test_two_trainings_are_the_same_to_the_bit(run: Run, spec: Path) -> None:
    for out in ("one", "two"):
        assert run("train", spec, "--out", out).code == 0
    one, two = (load_file(Path(out) / "best.safetensors") for out in ("one", "two"))
    assert figures(Path("one")) == figures(Path("two"))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert run("train", spec, "--out", "other", "--seed", 1).code == 0
    assert figures(Path("other")) != figures(Path("one"))


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Let Ctrl-C come in the middle of a step."""
    import signal

    from archdsl.training.module import Classifier

    own, made = Classifier.training_step, 0

    def stepped(self: Any, batch: Any, batch_idx: int) -> Any:
        nonlocal made
        made += 1
        if made == steps:
            signal.raise_signal(signal.SIGINT)
        return own(self, batch, batch_idx)

    monkeypatch.setattr(Classifier, "training_step", stepped)


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_ctrl_c_ends_after_its_step_and_resume_goes_on_from_there(
    run: Run, spec: Path, steps: int
) -> None:
    assert run("train", spec, "--out", "whole").code == 0
    with pytest.MonkeyPatch.context() as patched:
        stop_after(patched, steps)
        ran = run("train", spec)
    assert ran.code == 130, ran.err
    assert "it ends after this step, and its state is kept; once more ends it at once" in ran.err
    assert f"stopped with {steps // 3} of 2 epochs; the same command with --resume" in ran.out
    assert record()["stand"] == "stopped"
    said = run("status", "runs/tiny-train").out
    assert (
        f"tiny: {steps // 3} of 2 epochs; nobody is training, and the same command goes on" in said
    )

    without = run("train", spec)
    assert without.code == 2
    assert without.err.splitlines()[-1] == (
        f"runs/tiny-train holds a training of tiny ({steps // 3} of 2 epochs).  add --resume to go "
        "on with it, or choose another --out"
    )
    with pytest.MonkeyPatch.context() as patched:
        made = count_steps(patched)
        assert run("train", spec, "--resume").code == 0
    assert len(made) == 6 - steps
    assert figures() == figures(Path("whole"))
    assert len(record()["sessions"]) == 2
    one, two = (load_file(Path(p) / "best.safetensors") for p in ("whole", "runs/tiny-train"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def count_steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    from archdsl.training.module import Classifier

    own, made = Classifier.training_step, list[int]()

    def stepped(self: Any, batch: Any, batch_idx: int) -> Any:
        made.append(batch_idx)
        return own(self, batch, batch_idx)

    monkeypatch.setattr(Classifier, "training_step", stepped)
    return made


def test_a_training_that_is_done_is_told_again_and_not_trained(run: Run, spec: Path) -> None:
    first = run("train", spec)
    before = (Path("runs/tiny-train") / "best.safetensors").read_bytes()
    again = run("train", spec)
    assert again.code == 2
    assert again.err.splitlines()[-1] == (
        "runs/tiny-train holds a training of tiny that is done (2 of 2 epochs).  --resume tells "
        "what it came to; choose another --out for another"
    )
    with pytest.MonkeyPatch.context() as patched:
        made = count_steps(patched)
        told = run("train", spec, "--resume")
    assert told.code == 0 and made == []
    assert told.out == first.out
    assert (Path("runs/tiny-train") / "best.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "train.lr=0.1"], "train.lr was 0.002, and now it is 0.1"),
        (["--set", "train.epochs=3"], "train.epochs was 2, and now it is 3"),
        (["--seed", "4"], "the seed was 0, and now it is 4"),
        (["--set", "stages.0.dim=16"], "stages.0.dim was 8, and now it is 16"),
    ],
)
def test_another_training_does_not_go_on_in_its_folder(
    run: Run, spec: Path, words: list[str], said: str
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        stop_after(patched, 4)
        assert run("train", spec).code == 130
    ran = run("train", spec, "--resume", *words)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        f"runs/tiny-train holds a training in which {said}.  put it back to go on with that "
        "training, or choose another --out"
    )
    assert run("train", spec, "--resume").code == 0


def test_other_images_are_another_training(run: Run, spec: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        stop_after(patched, 4)
        assert run("train", spec).code == 130
    ran = run("train", spec, "--resume", "--set", "search.proxy.data.noise=0.5")
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith(
        "runs/tiny-train holds a training in which search.proxy.data.noise was 0.0, and now it is "
        "0.5.  put it back"
    )


def test_resume_where_there_is_nothing_begins_and_says_so(run: Run, spec: Path) -> None:
    ran = run("train", spec, "--resume")
    assert ran.code == 0
    assert "runs/tiny-train holds no training to go on with: it begins" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "train.epoch=3"], "did you mean 'epochs'?"),
        (["--recipe", "metaformer"], "no shipped recipe is called 'metaformer'"),
        (["--recipe", "./none.yaml"], "there is no recipe 'none.yaml'"),
        (["--recipe", "tiny.yaml"], "this is a spec, and no recipe"),
        (["--set", "train.epochs=-1"], "train.epochs"),
        (["--devices", "two"], "--devices is 'two'.  write a number, as in  --devices 2"),
        (["--devices", "0"], "--devices is 0.  write how many, as in  --devices 2"),
        (["--strategy", "fsdp"], "--strategy is 'fsdp'.  "),
        (["--devices", "3"], "train.batch is 64, and 3 devices take equal parts of it.  write"),
        (["--seed", "x"], "--seed is 'x'.  write a number, as in  --seed 2"),
        (["--checkpoint-every", "soon"], "--checkpoint-every is 'soon'.  write a number"),
        (["--cache", "big"], "--cache is 'big'.  write a number, as in  --cache 2"),
        (["--workers", "-1"], "workers is a whole number from 0, and not -1"),
        (["--on-bad", "cry"], "on_bad is 'cry'.  write skip, or stop"),
        (["--checkpoint-every", "-1"], "checkpoint_every is minutes from 0, and not -1.0"),
        (["--data", "nowhere"], "data 'nowhere': there is no such folder or file.  name a folder"),
        (
            ["--data", "tiny.yaml"],
            "data 'tiny.yaml': is no folder, no .tar and no .npz file.  name",
        ),
        (["--out", "s3://bucket/x"], "--out is a directory of this machine, and "),
        (["--out", "tiny.yaml"], "tiny.yaml is no folder.  choose another --out"),
        (["--weights", "none.safetensors"], "none.safetensors"),
        (["--drop-head"], "drop_head is about weights to begin with, and there are none: drop it"),
        (["--logger", "nothing.Here"], "--logger nothing.Here is not there"),
        (["--logger", "CSVLoger"], "did you mean 'CSVLogger'?"),
        (["--logger", "pathlib.Path"], "--logger pathlib.Path is no logger of Lightning's"),
        (
            ["--logger", "CSVLogger", "--logger-option", "nme=x"],
            "logger.nme: CSVLogger has no argument 'nme'.  did you mean 'name'?",
        ),
        (
            ["--logger", "CSVLogger", "--logger-option", "nonsense"],
            "--logger-option nonsense is no assignment\n  write  --logger-option save_dir=logs",
        ),
        (
            ["--logger", "CSVLogger", "--logger-option", "name="],
            "--logger-option name= has no value",
        ),
        (
            ["--logger", "CSVLogger", "--logger-option", "name={a"],
            "--logger-option name:1:",
        ),
        (["--data", "{type: digits"], "--data:1:"),
        (["--data", "{type: digitz}"], "data: no data is called 'digitz'.  did you mean 'digits'?"),
        (["--data", "{type: npz}"], "data: npz needs its option 'path'"),
        (["--data", "{type: digits, nois: 1}"], "data: digits has no option 'nois'"),
        (["--logger-option", "x=1"], "--logger-option is of the --logger before it"),
        (["--set", "train.lr=1e-3", "--set", "train.lr=1e-2"], "--set train.lr is given twice"),
        (["--set", "train.steps_per_epoch=1000"], "train.steps_per_epoch: an epoch is to take"),
        (["--set", "train.precision=16"], "train.precision: 16 needs a GPU."),
    ],
)
def test_what_it_cannot_do_is_said_in_words(
    run: Run, spec: Path, words: list[str], said: str
) -> None:
    ran = run("train", spec, *words)
    assert ran.code == 2, ran.out
    assert said in ran.err
    assert "Traceback" not in ran.err and "search.proxy" not in ran.err
    assert sorted(path.name for path in Path().iterdir()) == ["tiny.yaml"], "and leaves nothing"


def test_a_folder_with_something_else_is_left_alone(run: Run, spec: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "letter.txt").write_text("mine")
    ran = run("train", spec, "--out", other)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        f"{other} is not empty and holds no training (letter.txt is there).  choose another --out"
    )
    assert [path.name for path in other.iterdir()] == ["letter.txt"]


def test_what_is_refused_leaves_what_was_there(run: Run, spec: Path, tmp_path: Path) -> None:
    refused = ("--logger", "nothing.Here")
    (tmp_path / "empty").mkdir()
    for out in ("empty", "deep/er", "empty/in"):
        assert run("train", spec, *refused, "--out", out).code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "tiny.yaml"]
    assert not list((tmp_path / "empty").iterdir())
    assert run("train", spec, "--out", "deep/er").code == 0
    there = sorted(path.name for path in (tmp_path / "deep/er").iterdir())
    assert run("train", spec, *refused, "--out", "deep/er", "--resume").code == 2
    assert sorted(path.name for path in (tmp_path / "deep/er").iterdir()) == there


def test_a_spec_that_says_no_schedule_asks_for_a_recipe(run: Run, tiny: Path) -> None:
    words = ["train", tiny, "--data", "digits", "--set", "input=[1,12,12]"]
    ran = run(*words)
    assert ran.code == 2
    assert ran.err.startswith(
        "tiny: nothing says how it is trained.  name a recipe, as  --recipe metaformer_300; they "
    )
    short = [f"train.{name}" for name in ("epochs=1", "steps_per_epoch=2", "validation_steps=1")]
    sets = [word for one in short for word in ("--set", one)]
    ran = run(*words, "--recipe", "proxy", *sets)
    assert ran.code == 0, ran.err
    assert record()["recipe_name"] == "proxy"
    assert "by the recipe proxy" in Path("runs/tiny-train/train.html").read_text()


def test_a_spec_that_says_no_images_asks_for_them(run: Run, tiny: Path) -> None:
    ran = run("train", tiny)
    assert ran.code == 2
    assert ran.err.strip() == (
        "tiny: nothing says which images it is trained on.  name a folder of class folders, of "
        "shards or of a Hugging Face data set, an .npz file, or the name of a source, as  --data "
        "PATH"
    )


def test_a_loss_that_is_no_number_is_told_in_words(run: Run, spec: Path) -> None:
    ran = run("train", spec, "--set", "train.lr=1e30", "--set", "train.clip_norm=none")
    assert ran.code == 2
    assert "the loss is no longer finite in epoch 1 of 2" in ran.err
    assert "a lower train.lr may hold it" in ran.err
    assert record()["stand"] == "failed"
    assert "the loss is no longer finite" in run("status", "runs/tiny-train").out


def test_a_disk_that_is_full_is_told_in_words_and_the_state_before_stands(
    run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from archdsl.full_training import keeping
    from archdsl.study.record import files

    own = keeping.write_record

    def full(folder: Path, record: Any) -> None:
        if len(record.epochs) < 2:
            return own(folder, record)
        with files.writing(Path("runs/tiny-train/train.json")):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keeping, "write_record", full)
    ran = run("train", spec)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == (
        "runs/tiny-train/train.json cannot be written: No space left on device.  see to it, and "
        "the same command with --resume goes on"
    )
    monkeypatch.setattr(keeping, "write_record", own)
    without = run("train", spec)
    assert without.code == 2 and "add --resume to go on with it" in without.err
    assert run("train", spec, "--resume").code == 0


def test_memory_that_is_wanting_is_told_in_words(
    run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archdsl.training.module import Classifier

    def wants(self: Any, batch: Any, batch_idx: int) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(Classifier, "training_step", wants)
    ran = run("train", spec)
    assert ran.code == 2
    assert "out of memory with batches of 64" in ran.err
    assert "--set train.batch=N" in ran.err


def test_a_fault_of_ours_stays_one(run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from archdsl.training.module import Classifier

    monkeypatch.setattr(Classifier, "training_step", lambda *given: 1 / 0)
    ran = run("train", spec)
    assert ran.code == 1 and "this is a fault of archdsl" in ran.err


def test_the_test_split_is_looked_at_once_and_only_when_asked(run: Run, spec: Path) -> None:
    assert run("train", spec).code == 0
    assert record()["test"] is None
    ran = run("train", spec, "--resume", "--test")
    assert ran.code == 0 and "on the test split:" in ran.out
    seen = record()["test"]
    assert seen["n"] > 100
    from archdsl.full_training import training

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(training._Start, "_looked", lambda *given: pytest.fail("twice"))
        assert run("train", spec, "--resume", "--test").code == 0
    assert record()["test"] == seen


def test_images_are_named_by_a_source_with_its_options(run: Run, spec: Path) -> None:
    data = ("--data", "{type: digits, canvas: 8, noise: 0.25, clutter: 0}")
    assert run("train", spec, *data).code == 0
    assert record()["data"]["source"]["data"]["options"]["noise"] == 0.25
    same = ("--set", "search.proxy.data.noise=0.25", "--out", "same")
    assert run("train", spec, *same).code == 0
    assert figures() == figures(Path("same"))


def test_loggers_get_losses_and_figures(run: Run, spec: Path) -> None:
    ran = run(
        "train", spec, "--logger", "lightning.pytorch.loggers.CSVLogger",
        "--logger-option", "name=mine", "--logger-option", "save_dir=logs",
        "--logger", "TensorBoardLogger",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    rows = (Path("logs") / "mine" / "version_0" / "metrics.csv").read_text().splitlines()
    assert {"train_loss", "lr", "accuracy", "step"} <= set(rows[0].split(","))
    assert len(rows) > 3
    assert list(Path("runs/tiny-train/loggers").rglob("events.out.tfevents.*"))


def test_weights_to_begin_with_are_on_record(run: Run, spec: Path) -> None:
    assert run("train", spec, "--out", "first").code == 0
    ran = run("train", spec, "--weights", "first", "--out", "second")
    assert ran.code == 0, ran.err
    assert record(Path("second"))["beginning"]["path"] == "first"
    assert figures(Path("second")) != figures(Path("first"))
    with pytest.MonkeyPatch.context() as patched:
        stop_after(patched, 4)
        assert run("train", spec, "--weights", "first", "--out", "third").code == 130
    ran = run("train", spec, "--out", "third", "--resume")
    assert ran.code == 2
    assert "the weights to begin with were those of first, and now they are drawn" in ran.err


def test_json_is_for_programs(run: Run, spec: Path) -> None:
    ran = run("train", spec, "--json")
    assert ran.data["stand"] == "done" and ran.data["folder"] == "runs/tiny-train"
    assert ran.data["epochs"] == record()["epochs"]
    assert run("status", "runs/tiny-train", "--json").data["done"] == 2
    assert run("report", "runs/tiny-train", "--json").data["path"] == "runs/tiny-train/train.html"


def test_one_trains_in_a_folder_at_a_time(run: Run, spec: Path) -> None:
    from archdsl.study.record.lock import locked

    Path("out").mkdir()
    with locked(Path("out") / "lock"):
        ran = run("train", spec, "--out", "out")
    assert ran.code == 2
    assert "out is being written by this process.  wait until it is done" in ran.err


def test_a_record_that_is_damaged_is_not_gone_on_with(run: Run, spec: Path) -> None:
    assert run("train", spec).code == 0
    path = Path("runs/tiny-train/train.json")
    path.write_text(path.read_text()[:-20])
    for verb in (["train", spec, "--resume"], ["status", "runs/tiny-train"]):
        ran = run(*verb)
        assert ran.code == 2
        assert "train.json is not as archdsl wrote it" in ran.err


def test_the_page_is_made_from_the_record_alone(run: Run, spec: Path) -> None:
    from tests.study.pages import parsed, words

    assert run("train", spec).code == 0
    path = Path("runs/tiny-train/train.html")
    page = path.read_text()
    path.unlink()
    for beside in ("last.ckpt", "data.jsonl", "spec.yaml"):
        (path.parent / beside).unlink()
    ran = run("report", "runs/tiny-train")
    assert ran.code == 0
    assert path.read_text() == page
    assert not parsed(page).links
    assert "came to accuracy" in words(page)
