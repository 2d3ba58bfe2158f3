"""From weights and a folder to figures: the command, the API, what is said and what is refused."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import archdsl
from archdsl.cli import main
from archdsl.errors import ArchError, SearchError
from archdsl.full_training.record import EpochRecord, TrainRecord, read_record, write_record
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.folder import read_state
from archdsl.study.record.lock import locked
from archdsl.training.recipe import Recipe
from tests.evaluation.conftest import draw


def judged(*arguments: object, **options: object) -> archdsl.Evaluation:
    return archdsl.evaluate(*arguments, **options)  # type: ignore[arg-type]


def test_a_run_gives_the_figure_of_its_own_look_to_the_digit_and_records_another(run: Path) -> None:
    state = read_state(run)
    assert state is not None and not state.evaluated
    (look,) = state.looks.values()
    found = judged("./run")
    assert (found.split, found.top1.images) == ("test", 6)
    assert found.top1.value == pytest.approx(look.metrics["accuracy"])
    assert found.figures.loss == pytest.approx(look.metrics["loss"], rel=1e-6)
    assert found.seen == (
        "scaled until it covers 18 x 18 (bicubic), cut around the middle to 16 x 16; "
        "(pixel / 255 - 0.5) / 0.25"
    )
    assert (found.seen_by, found.matched) == (
        "as best.safetensors says",
        "by name, as best.safetensors says them",
    )
    assert found.notes[0].startswith("the test split of this run was looked at before (1 model)")
    judged("./run")
    state = read_state(run)
    assert state is not None
    assert [one.metrics["accuracy"] for one in state.evaluated] == [found.top1.value] * 2
    assert main(["report", "run"]) == 0
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Later, 2 models were judged on it by archdsl" in page


def test_validation_images_and_other_data_are_no_look(run: Path, flowers: Path) -> None:
    draw(flowers / "other", {"daisy": 0, "rose": 130}, seed=1)
    assert judged("./run", split="val").split == "val"
    found = judged("./run", data="other")
    assert (found.split, found.top1.images) == ("all", 20)
    assert any("nothing says that the model was not trained on some" in one for one in found.notes)
    state = read_state(run)
    assert state is not None and not state.evaluated


def test_the_same_folder_by_its_path_is_a_look(run: Path, flowers: Path) -> None:
    found = judged("./run", data=flowers / "flowers")
    assert found.split == "test"
    state = read_state(run)
    assert state is not None and len(state.evaluated) == 1


def test_a_search_that_runs_is_not_looked_into(run: Path) -> None:
    from archdsl.study.record.lock import locked

    with locked(run / "lock"), pytest.raises(SearchError) as caught:
        judged("./run")
    assert str(caught.value).endswith(
        "wait until it is done, or judge it with  archdsl evaluate --split val, which is no look "
        "at the test split"
    )
    assert judged("./run", split="val").top1.images == 6


def test_a_saved_folder_matches_classes_by_name_in_any_order(run: Path, flowers: Path) -> None:
    archdsl.save(archdsl.load_model("./run"), "kept/")
    draw(flowers / "more", {"rose": 130, "daisy": 0}, seed=3)
    straight = judged("./kept", data="more")
    # npz: numbers in another order are another thing, and say so
    images = np.stack(
        [
            np.asarray(Image.open(flowers / "more" / name / f"{number}.png").resize((16, 16)))
            for name in ("daisy", "rose")
            for number in range(10)
        ]
    )
    np.savez("more.npz", x=images, y=np.repeat([0, 1], 10))
    mapping = {"type": "npz", "path": "more.npz", "layout": "nhwc"}
    by_number = judged("./kept", data=mapping)
    assert by_number.matched == (
        "by number: the data number their classes from 0 to 1, which are taken for 'daisy' 'rose'"
    )
    assert by_number.top1.right == straight.top1.right == 20
    assert list(by_number.classes) == ["daisy", "rose"]
    (flowers / "more" / "rose").rename(flowers / "more" / "a_rose")
    with pytest.raises(SearchError, match=r"it has 'a_rose', and the model's classes are 'daisy'"):
        judged("./kept", data="more")


def test_a_class_may_be_missing_and_very_few_images_are_enough(run: Path, flowers: Path) -> None:
    text = (flowers / "flowers.yaml").read_text().replace("classes: 2", "classes: 3")
    (flowers / "three.yaml").write_text(text.replace("path: flowers", "path: three"))
    draw(flowers / "three", {"daisy": 0, "lily": 60, "rose": 130})
    archdsl.search("./three.yaml", out="third", listener=None)
    draw(flowers / "few", {"rose": 130, "daisy": 0}, images=1, seed=4)
    found = judged("./third", data="few")
    assert found.top1.images == 2
    assert found.matched.endswith("; the data have no 'lily'")
    assert found.names == ("daisy", "lily", "rose") and list(found.classes) == ["daisy", "rose"]


def test_the_command_says_writes_and_agrees_with_python(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "run/", "--split", "val", "--batch", "4"]
    assert main([*arguments, "-o", "found.json"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "flowers on the val split of image_folder flowers: 6 images of 2 classes"
    )
    assert re.search(r"^top-1 +\d+ % +\d+ % to \d+ %$", said, re.MULTILINE)
    assert "top-5" not in said
    record = json.loads(Path("found.json").read_text())
    found = judged("./run", split="val")
    assert record["top1"] == found.top1.record()
    assert sum(n for row in record["confusion"].values() for n in row.values()) == 6
    assert len(record["calibration"]["bins"]) == 15
    assert main([*arguments, "-o", "found.csv"]) == 0
    rows = Path("found.csv").read_text().splitlines()
    assert rows[0] == "true \\ told,daisy,rose" and len(rows) == 3
    capsys.readouterr()
    data = ["--data", "{type: image_folder, path: flowers}", "--split", "test", "--json"]
    assert main(["evaluate", "flowers.yaml", "--weights", "run/best.safetensors", *data]) == 0
    assert json.loads(capsys.readouterr().out)["split"] == "test"


def test_names_of_classes_are_text_in_a_table(run: Path, flowers: Path) -> None:
    found = judged("./run", split="val")
    names = ("=1+1", 'a, "b"\nc')
    odd = dict(zip(("daisy", "rose"), names, strict=True))
    figures = replace(
        found.figures,
        confusions=tuple(
            replace(one, true=odd[one.true], told=odd[one.told]) for one in found.confusions
        ),
    )
    other = replace(found, names=names, figures=figures)
    rows = list(csv.reader(io.StringIO(other.csv())))
    assert rows[0] == ["true \\ told", "'=1+1", 'a, "b"\nc']
    assert [row[0] for row in rows[1:]] == ["'=1+1", 'a, "b"\nc']
    plain = list(csv.reader(io.StringIO(found.csv())))
    assert plain[0] == ["true \\ told", "daisy", "rose"]
    assert [row[1:] for row in plain[1:]] == [row[1:] for row in rows[1:]]
    assert "=1+1" in other.record()["confusion"]


def test_another_size_keeps_the_share_that_is_cut_out(run: Path) -> None:
    found = judged("./run", split="val", size=32)
    assert found.seen.startswith("scaled until it covers 36 x 36 (bicubic), cut around the middle")


def test_a_model_in_hand_is_judged_and_stays_as_it_was(run: Path, flowers: Path) -> None:
    model = archdsl.load_model("./run")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = judged(model, data="flowers", split="val")
    assert found.top1 == judged("./run", split="val").top1
    assert model.training
    assert all(torch.equal(before[name], one) for name, one in model.state_dict().items())
    model(torch.rand(2, 3, 16, 16)).sum().backward()  # no tensor is one of inference
    with pytest.raises(SearchError, match="weights is about a spec, and this is a model"):
        judged(model, weights="x.safetensors", data="flowers")


def test_published_weights_are_judged_as_their_authors_did(flowers: Path) -> None:
    set_ = {"stages.0.depth": 1, "stages.1.depth": 1, "stages.2.depth": 1, "stages.3.depth": 1}
    spec = archdsl.load("poolformer_s12", set_)
    archdsl.save(archdsl.build(spec), "tiny.safetensors")
    draw(flowers / "synsets", {"n01440764": 0, "n03888257": 130}, images=2)
    found = judged(spec, "tiny.safetensors", "synsets")
    assert found.seen == (
        "scaled until it covers 248 x 248 (bicubic), cut around the middle to 224 x 224; "
        "(pixel / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]"
    )
    assert found.seen_by == "as specs/published.yaml says"
    assert found.matched.startswith(
        "by name, as ImageNet-1k says them; the data have no 'n01443537'"
    )
    assert found.published is None  # which is of all thousand classes
    assert found.top5 is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["flowers.yaml"], "flowers: there are no weights to judge.  name them with"),
        (["flowers.yaml", "--weights", "no.pt"], "there is no weights file no.pt"),
        (["run/", "--split", "dev"], "split is train val test all, and not 'dev'"),
        (["run/", "--batch", "0"], "batch is a number from 1 to 100,000, and not 0"),
        (["run/", "--batch", "x"], "--batch is 'x'.  write a number"),
        (["run/", "--data", "nowhere"], "data 'nowhere': there is no such folder or file"),
        (["run/", "--data", "flowers.yaml"], "is no folder, no .tar and no .npz file"),
        (["run/", "--data", "digits"], "digits: its images have 1 channels, and flowers takes 3"),
        (["run/", "--data", "{type: npzz}"], "data: no data is called 'npzz'.  did you mean"),
        (
            ["flowers.yaml", "--weights", "run/best.safetensors", "--set", "classes=5"],
            "number of classes than 5.  name the spec with as many\n  as the file has, as with  "
            "--set classes=N\n",
        ),
        (
            ["flowers.yaml", "--weights", "run/best.safetensors", "--ema"],
            "drop ema=True, on the command line --ema; or name another file",
        ),
        (["run/", "--on-bad", "cry"], "on_bad is 'cry'.  write skip, or stop"),
        (
            ["run/", "--on-bad", "skip", "--data", "bytes.npz"],
            "on_bad is about images that are read one by one, and those of npz",
        ),
        (["run/", "--device", "abacus"], "device is cpu, cuda, cuda:N or mps, and not 'abacus'"),
        (["run/", "-o", "found.txt"], "found.txt: what is found is written to a .json file"),
        (["run/", "-o", "no/found.json"], "there is no folder no"),
        (["run/", "--set", "classes=3"], "--set, --sandbox and --no-imports are about a spec"),
    ],
)
def test_what_cannot_be_judged_is_said_in_words(
    run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.zeros((20, 3, 16, 16), np.uint8)
    np.savez("bytes.npz", images=images, labels=np.arange(20) % 2)
    assert main(["evaluate", *arguments]) == 2
    assert said in capsys.readouterr().err


def training_of(run: Path, trained: Path, **recipe: Any) -> TrainRecord:
    """The record of a training with the images of a run, in the folder `training`."""
    source = {"type": "image_folder", "options": {"path": "flowers", "channels": 3, "val": 0.15,
              "test": 0.15, "margin": 0.125, "flip": True}}  # fmt: skip
    data = {"source": {"data": source, "folder": str(trained)}, "words": "flowers", "notes": [],
            "cache": None, "counts": {}, "evidence": None}  # fmt: skip
    return TrainRecord(
        "tiny", "", Recipe(**recipe).record(), None, 0, data, None, {"macs": 1, "params": 1},
        epochs=[EpochRecord({"accuracy": 0.5, "loss": 1.0}, 1.0)], stand="done",
    )  # fmt: skip


def test_a_training_has_its_weights_and_images_on_record(run: Path, trained: Path) -> None:
    folder = Path("training")
    archdsl.save(archdsl.load_model("./run"), "training/")
    (folder / "model.safetensors").rename(folder / "best.safetensors")
    write_record(folder, training_of(run, trained))
    found = judged("./training")
    assert (found.split, found.top1) == ("test", judged("./run", split="test").top1)
    assert found.notes[0].startswith("the first look at this training's test split")
    state = read_state(run)
    assert state is not None and len(state.evaluated) == 1  # that of the run itself
    again = judged("./training")
    assert "looked at before (1 look)" in again.notes[0]
    record = read_record(folder)
    assert record is not None and record.test is None
    assert [one["metrics"]["accuracy"] for one in record.looks] == [found.top1.value] * 2
    assert "It was looked at 2 times by" in (folder / "train.html").read_text()
    assert judged("./training", split="val").top1.images == 6, "which is no look"
    with (
        locked(folder.absolute() / LOCK),
        pytest.raises(SearchError, match="wait until it is done"),
    ):
        judged("./training")
    record = read_record(folder)
    assert record is not None and len(record.looks) == 2


def test_a_training_whose_images_nobody_knows_takes_others(run: Path, trained: Path) -> None:
    folder = Path("training")
    archdsl.save(archdsl.load_model("./run"), "training/")
    (folder / "model.safetensors").rename(folder / "best.safetensors")
    write_record(folder, training_of(run, trained, datamodule="m:D"))
    with pytest.raises(SearchError, match="its images come from a datamodule"):
        judged("./training")
    assert judged("./training", data="flowers", split="val").top1.images == 6
    (folder / "train.json").write_text("{")
    with pytest.raises(SearchError, match=r"train\.json is not as archdsl wrote it.*  name the im"):
        judged("./training")


def test_shards_are_judged_as_the_folder_that_they_hold(run: Path, flowers: Path) -> None:
    draw(flowers / "more", {"daisy": 0, "rose": 130}, images=3, seed=5)
    (flowers / "shards").mkdir()
    with tarfile.open(flowers / "shards" / "0.tar", "w") as shard:
        for label, name in enumerate(("daisy", "rose")):
            for path in sorted((flowers / "more" / name).iterdir()):
                key = f"{name}-{path.stem}"
                shard.add(path, f"{key}.png")
                text = str(label).encode()
                info = tarfile.TarInfo(f"{key}.cls")
                info.size = len(text)
                shard.addfile(info, io.BytesIO(text))
    found = judged("./run", data="shards")
    assert found.data == "webdataset shards" or found.data.startswith("webdataset ")
    assert (found.split, found.top1) == ("all", judged("./run", data="more").top1)


def test_a_broken_image_is_named(run: Path, flowers: Path) -> None:
    draw(flowers / "broken", {"daisy": 0, "rose": 130}, images=2)
    (flowers / "broken" / "rose" / "1.png").write_bytes(b"no image")
    with pytest.raises(ArchError, match=r"rose/1\.png: cannot be read as an image"):
        judged("./run", data="broken")


def test_with_skip_a_broken_image_is_left_out_and_named(
    run: Path, flowers: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(flowers / "whole", {"daisy": 0, "rose": 130}, images=4)
    draw(flowers / "broken", {"daisy": 0, "rose": 130}, images=4)
    for name in ("daisy/0", "rose/1", "rose/3"):
        (flowers / "whole" / f"{name}.png").unlink()
        (flowers / "broken" / f"{name}.png").write_bytes(b"no image")
    whole = judged("./run", data="whole")
    for batch in (1, 2, 64):
        found = judged("./run", data="broken", on_bad="skip", batch=batch)
        assert found.figures == whole.figures
        assert [why.partition(":")[0][-11:] for why in found.passed_over] == [
            "daisy/0.png", "/rose/1.png", "/rose/3.png",
        ]  # fmt: skip
        assert found.record()["passed_over"] == list(found.passed_over)
    assert whole.passed_over == () and "passed over" not in str(whole)
    assert main(["evaluate", "run/", "--data", "broken", "--on-bad", "skip"]) == 0
    said = capsys.readouterr().out
    assert said.count("cannot be read as an image") == 3 and "passed over" in said
    assert main(["evaluate", "run/", "--data", "broken"]) == 2
    assert "daisy/0.png: cannot be read as an image" in capsys.readouterr().err


def test_many_broken_images_are_no_accident(run: Path, flowers: Path) -> None:
    draw(flowers / "few", {"daisy": 0, "rose": 130}, images=2)
    for path in (flowers / "few").glob("*/*.png"):
        path.write_bytes(b"no image")
    with pytest.raises(SearchError, match=r"rose/1\.png: cannot be .*; nor can any other image$"):
        judged("./run", data="few", on_bad="skip", batch=3)
    for name in ("daisy", "rose"):
        (flowers / "many" / name).mkdir(parents=True)
        for number in range(101):
            (flowers / "many" / name / f"{number:03}.png").write_bytes(b"no image")
    draw(flowers / "one", {"x": 0}, images=1)
    for at in ("daisy/000", "rose/100"):
        shutil.copy(flowers / "one" / "x" / "0.png", flowers / "many" / f"{at}.png")
    with pytest.raises(SearchError, match=r"daisy/100\.png: .*; nor can the 99 images before it$"):
        judged("./run", data="many", on_bad="skip")
    for at in ("daisy/060", "rose/050"):
        shutil.copy(flowers / "one" / "x" / "0.png", flowers / "many" / f"{at}.png")
    found = judged("./run", data="many", on_bad="skip")
    assert found.top1.images == 4 and "more; -o x.json names all" in str(found)


def test_answers_that_are_no_numbers_are_refused(run: Path) -> None:
    model = archdsl.load_model("./run")
    for tensor in model.state_dict().values():
        tensor.fill_(float("nan"))
    with pytest.raises(SearchError, match=r"the model's answers are no numbers \(NaN\)"):
        judged(model, data="flowers", split="val")
