"""A search goes on only where all is the same that its figures follow from."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import archdsl
from archdsl.data import digests as digesting
from archdsl.data import fingerprint
from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.events import Notice, Preparing
from archdsl.study.identity import evidence as evidences
from archdsl.study.report.findings import validation_interval
from archdsl.study.report.read import read

SPEC = """\
archdsl: 1
name: mine
input: [3, 8, 8]
classes: 2
stem: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: {choice: [identity, pooling]}, channel_mixer: mlp}
stages: [{dim: 8, depth: {range: [1, 6]}}]
head: linear
search: {proxy: {data: DATA}}
"""
FOLDER = "{type: image_folder, path: flowers}"
ARRAYS = "{type: npz, path: a.npz}"

Start = Callable[..., Any]


def shade(path: Path, value: int) -> None:
    """An image whose file has the same size whatever its shade."""
    Image.new("RGB", (8, 8), (value, value, value)).save(path)


def arrays(folder: Path, x: int = 0, y: int = 0) -> None:
    labels = np.arange(20) % 2
    labels[:2] = (labels[:2] + y) % 2
    images = np.zeros((20, 3, 8, 8), dtype=np.uint8)
    images[0] = x
    np.savez(folder / "a.npz", x=images, y=labels)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Makes images and arrays; starts searches on them that judge without training."""
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(
        ProxyTraining,
        "__call__",
        lambda self, candidate, job, begin: {"accuracy": judge(candidate)},
    )
    for number, name in enumerate(("daisy", "rose")):
        (tmp_path / "flowers" / name).mkdir(parents=True)
        for image in range(10):
            shade(tmp_path / "flowers" / name / f"{image}.bmp", 100 * number + image)
    arrays(tmp_path)

    def started(trials: int, data: str = FOLDER, **given: Any) -> Any:
        (tmp_path / "s.yaml").write_text(SPEC.replace("DATA", data))
        given.setdefault("out", tmp_path / "run")
        spec = archdsl.load(tmp_path / "s.yaml", set={"search.trials": trials})
        return search(archdsl.space(spec), settings=spec.settings(), **given)

    return started


def judge(candidate: Any) -> float:
    return min(candidate.decisions["stages.0.depth"], 4) / 4


def refused(start: Start, data: str = FOLDER, **given: Any) -> str:
    with pytest.raises(SearchError) as caught:
        start(3, data, **given)
    return str(caught.value)


def swapped(root: Path) -> None:
    shutil.move(root / "daisy", root / "other")
    shutil.move(root / "rose", root / "daisy")
    shutil.move(root / "other", root / "rose")


def replaced(root: Path) -> None:
    """Another image, of the same size in bytes and of the same time."""
    path = root / "rose" / "3.bmp"
    stat = path.stat()
    shade(path, 255)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def relabelled(root: Path) -> None:
    shutil.move(root / "rose" / "3.bmp", root / "daisy" / "13.bmp")


def thinned(root: Path) -> None:
    for number in range(4):
        (root / "rose" / f"{number}.bmp").unlink()


CHANGES = [
    (thinned, "4 are gone (rose/0.bmp, rose/1.bmp, rose/2.bmp, ...)"),
    (lambda root: shade(root / "rose" / "10.bmp", 9), "rose/10.bmp is new"),
    (replaced, "rose/3.bmp has other content"),
    (
        lambda root: shutil.move(root / "rose", root / "tulip"),
        "10 are gone (rose/0.bmp, rose/1.bmp, rose/2.bmp, ...); "
        "10 are new (tulip/0.bmp, tulip/1.bmp, tulip/2.bmp, ...)",
    ),
    (swapped, "20 have other content (daisy/0.bmp, daisy/1.bmp, daisy/2.bmp, ...)"),
    (relabelled, "rose/3.bmp is gone; daisy/13.bmp is new"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_images_that_were_changed_are_named(start, tmp_path, change, said) -> None:
    start(2)
    before = (tmp_path / "run" / "study.journal").read_bytes()
    change(tmp_path / "flowers")
    assert refused(start) == (
        f"{tmp_path / 'run'} holds a search that had other data (image_folder flowers: 2 classes, "
        f"3 channels, 12 train, 4 val, 4 test): {said}.  put it back to go on with that search, or "
        "choose another --out"
    )
    assert (tmp_path / "run" / "study.journal").read_bytes() == before
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]) == 1


def untouched(root: Path) -> None:
    """Nothing that a figure follows from."""


def renewed(root: Path) -> None:
    for path in root.rglob("*.bmp"):
        os.utime(path, ns=(1, 1))
        path.chmod(0o600)


def linked(root: Path) -> None:
    path = root / "rose" / "0.bmp"
    shutil.move(path, root.parent / "elsewhere.bmp")
    path.symlink_to(root.parent / "elsewhere.bmp")


def added_beside(root: Path) -> None:
    (root / "README.md").write_text("About the flowers.")
    (root / "rose" / "Thumbs.db").write_text("of a file manager")


def forgotten(root: Path) -> None:
    shutil.rmtree(root.parent / "cache")


@pytest.mark.parametrize("change", [untouched, renewed, linked, added_beside, forgotten])
def test_a_search_goes_on_where_every_image_is_what_it_was(start, tmp_path, change) -> None:
    start(2)
    change(tmp_path / "flowers")
    assert len(start(3).trials) == 3


def test_data_may_lie_elsewhere_and_be_put_back(start, tmp_path) -> None:
    start(2)
    shutil.copytree(tmp_path / "flowers", tmp_path / "blumen")
    thinned(tmp_path / "flowers")
    assert "4 are gone" in refused(start)
    assert len(start(3, FOLDER.replace("flowers", "blumen")).trials) == 3
    shutil.copytree(tmp_path / "blumen", tmp_path / "flowers", dirs_exist_ok=True)
    assert len(start(4).trials) == 4


def test_options_of_the_data_are_named_as_they_are_written(start, tmp_path) -> None:
    start(2)
    said = refused(start, "{type: image_folder, path: flowers, val: 0.3}")
    assert "in which search.proxy.data.val was 0.15, and now it is 0.3." in said
    said = refused(start, "{type: npz, path: a.npz}")
    assert "in which search.proxy.data.type was image_folder, and now it is npz." in said


def test_a_finished_search_needs_no_data(start, tmp_path) -> None:
    first = start(2)
    shutil.rmtree(tmp_path / "flowers")
    (tmp_path / "run" / "report.html").unlink()
    assert start(2).trials == first.trials
    assert (tmp_path / "run" / "report.html").exists()
    assert "no such folder" in refused(start)


def test_the_test_split_of_other_data_is_not_looked_at(start, tmp_path, monkeypatch) -> None:
    def judged_with_weights(
        self: ProxyTraining, candidate: Any, job: Any, begin: Any
    ) -> dict[str, float]:
        (candidate.folder / WEIGHTS).write_text("never read")
        return {"accuracy": judge(candidate)}

    def meddled(event: object) -> None:
        if isinstance(event, Preparing) and event.what == "looking at the test split":
            replaced(tmp_path / "flowers")

    monkeypatch.setattr(ProxyTraining, "__call__", judged_with_weights)
    result = start(2, listener=meddled)
    head = f"the test split was not looked at: {tmp_path / 'run'} holds a search that had other"
    assert result.notes[0].startswith(head)
    assert "rose/3.bmp has other content" in result.notes[0]


def test_a_search_without_a_trial_takes_the_data_that_there_are(start, tmp_path) -> None:
    def interrupted(event: object) -> None:
        if type(event).__name__ == "TrialStarted":
            raise KeyboardInterrupt

    assert start(2, listener=interrupted).trials == ()
    thinned(tmp_path / "flowers")
    assert len(start(2).trials) == 2
    assert len((tmp_path / "run" / "data.jsonl").read_text().splitlines()) == 16


@pytest.mark.parametrize("change", [{"x": 1}, {"y": 1}])
def test_arrays_that_were_written_anew_are_refused(start, tmp_path, change) -> None:
    start(2, ARRAYS)
    arrays(tmp_path)  # the same again
    assert len(start(3, ARRAYS).trials) == 3
    arrays(tmp_path, **change)
    with pytest.raises(SearchError) as caught:
        start(4, ARRAYS)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} holds a search that had other data (npz a.npz: 2 classes, 3x8x8, "
        "12 train, 4 val, 4 test): the file has other content.  put it back to go on with that "
        "search, or choose another --out"
    )


def test_the_split_is_recorded(start, tmp_path) -> None:
    start(2)
    rows = [json.loads(line) for line in (tmp_path / "run" / "data.jsonl").read_text().splitlines()]
    splits = {name: split for name, split, *_ in rows}
    assert sorted(splits.values()) == ["test"] * 4 + ["train"] * 12 + ["val"] * 4
    assert {(name[:4], label) for name, _, label, *_ in rows} == {("dais", 0), ("rose", 1)}
    path = tmp_path / "run" / "data.jsonl"
    before = path.read_text()
    path.write_text(before.replace("train", "val", 1))
    assert len(start(3).trials) == 3  # the record knows its digest, and the data are the same
    assert path.read_text() == before
    path.unlink()
    thinned(tmp_path / "flowers")
    with pytest.raises(
        SearchError, match=r"which images are others is not known, for there is no data.jsonl"
    ):
        start(4)


def test_another_split_of_the_same_images_is_refused(start, tmp_path, monkeypatch) -> None:
    from archdsl.data import split

    start(2)
    monkeypatch.setattr(split, "_rank", lambda key: key[::-1].encode())
    said = refused(start)
    assert "are in another split or class (" in said and "content" not in said


def test_intervals_follow_from_the_images_that_the_trials_saw(start, tmp_path) -> None:
    start(2)
    thinned(tmp_path / "flowers")
    refused(start)
    record = read(tmp_path / "run")
    assert record.data["counts"] == {"train": 12, "val": 4, "test": 4}
    low, high = validation_interval(record, record.trials[0])
    assert high - low > 0.5  # of 4 images


def test_unchanged_files_are_not_read_again(start, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(digesting, "RECENT", -(10**18))
    start(2)
    read_again: list[Path] = []
    whole = digesting._digest
    monkeypatch.setattr(digesting, "_digest", lambda p: read_again.append(p) or whole(p))
    assert len(start(3).trials) == 3
    assert read_again == []
    replaced(tmp_path / "flowers")
    with pytest.raises(SearchError, match=r"rose/3\.bmp has other content"):
        start(4)
    assert [path.name for path in read_again] == ["3.bmp"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rose/3.bmp": 7}', '{"rose/3.bmp": [1]}'])
def test_a_torn_cache_of_digests_is_made_again(start, tmp_path, text) -> None:
    start(2)
    (tmp_path / "cache").mkdir(exist_ok=True)
    for path in (tmp_path / "cache").glob("*.digests"):
        path.write_text(text)
    assert len(start(3).trials) == 3


def test_of_very_many_images_a_sample_is_digested(start, tmp_path, monkeypatch) -> None:
    manual = Path(__file__).parents[2] / "docs" / "language.md"
    assert f"Of more than {fingerprint.SAMPLE:,} images" in manual.read_text()
    monkeypatch.setattr(fingerprint, "SAMPLE", 5)
    start(2)
    rows = [json.loads(line) for line in (tmp_path / "run" / "data.jsonl").read_text().splitlines()]
    digested = [row[0] for row in rows if row[4]]
    assert len(rows) == 20 and len(digested) == 5
    other = next(row[0] for row in rows if not row[4])
    shade(tmp_path / "flowers" / other, 77)
    assert len(start(3).trials) == 3  # of the same size, and not in the sample
    shade(tmp_path / "flowers" / digested[0], 77)
    with pytest.raises(SearchError, match=f"{digested[0]} has other content"):
        start(4)


def test_what_was_passed_over_is_said_once_and_recorded(start, tmp_path) -> None:
    added_beside(tmp_path / "flowers")
    heard: list[Any] = []
    start(2, listener=heard.append)
    said = f"{tmp_path / 'flowers'}: 2 entries that are no images were passed over: "
    said += "README.md, rose/Thumbs.db"
    assert [event.text for event in heard if isinstance(event, Notice)] == [said]
    assert read(tmp_path / "run").data["notes"] == [said]
    assert said in (tmp_path / "run" / "report.html").read_text()


def test_another_minor_version_is_refused_and_another_patch_is_not(
    start, tmp_path, monkeypatch
) -> None:
    def at(version: str) -> None:
        init = evidences.Evidence
        monkeypatch.setattr(evidences, "VERSION", version)
        monkeypatch.setattr(
            evidences, "Evidence", lambda **given: init(**{"archdsl": version, **given})
        )

    start(2)
    at("0.2.9")
    assert len(start(3).trials) == 3
    monkeypatch.undo()
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    at("0.3.0")
    with pytest.raises(SearchError) as caught:
        start(4)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} holds a search by archdsl 0.2.0, and this is 0.3.0.  go on with "
        "archdsl 0.2, or choose another --out"
    )
    assert len(start(3).trials) == 3  # there is nothing left to train


def test_what_each_start_runs_on_is_recorded_and_may_change(start, tmp_path, monkeypatch) -> None:
    start(2)
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    start(3)
    sessions = json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]
    assert [session["first_trial"] for session in sessions] == [0, 2]
    assert sessions[1]["machine"]["threads"] == "77" != sessions[0]["machine"]["threads"]
    assert sessions[0]["versions"].keys() >= {"torch", "lightning", "numpy", "scikit-learn"}
    assert "device" in sessions[0]["machine"]
