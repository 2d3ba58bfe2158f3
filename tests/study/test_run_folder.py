"""The run directory: whose it is, what it holds, what is refused."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study.events import Preparing
from archdsl.study.identity.setup import refuse_changes, setup
from archdsl.study.record.lock import locked


def held(path: str, ready, done) -> None:
    with locked(Path(path)):
        ready.set()
        done.wait(60)


def test_one_process_at_a_time(tmp_path) -> None:
    context = multiprocessing.get_context("forkserver")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=held, args=(str(tmp_path / "lock"), ready, done))
    holder.start()
    try:
        assert ready.wait(60)
        with pytest.raises(SearchError) as caught, locked(tmp_path / "lock"):
            pass
        assert f"{tmp_path} is being written by process {holder.pid} on " in str(caught.value)
        assert "choose another --out" in str(caught.value)
        holder.kill()
        holder.join()
        with locked(tmp_path / "lock"):  # what was killed holds nothing
            pass
    finally:
        holder.kill()


def test_a_lock_that_its_holder_takes_away_is_held_by_nobody(tmp_path, monkeypatch) -> None:
    from archdsl.study.record import lock

    own, path, tries = lock._taken_by_now, tmp_path / "lock", []

    def taken_away(handle: int) -> bool:
        tries.append(handle)
        if len(tries) == 1:
            path.unlink()
        return own(handle)

    monkeypatch.setattr(lock, "_taken_by_now", taken_away)
    with locked(path):
        assert len(tries) == 2
        assert path.read_text().startswith(f"process {os.getpid()} on ")
    monkeypatch.setattr(lock, "_taken_by_now", lambda handle: path.unlink() or tmp_path.rmdir())
    with pytest.raises(SearchError), locked(path):
        pass


def test_the_same_process_cannot_write_a_run_twice_at_once(tiny, run, tmp_path) -> None:
    def nested(candidate: object) -> float:
        with pytest.raises(SearchError, match="is being written by this process"):
            run(tiny(trials=2), tmp_path / "run")
        return 0.5

    assert run(tiny(trials=2), tmp_path / "run", evaluate=nested).best is not None
    run(tiny(trials=2), tmp_path / "run")


def test_what_a_run_leaves(tiny, run, tmp_path) -> None:
    result = run(tiny(trials=3), tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "record.jsonl", "run.json", "space.yaml", "study.journal", "trials.jsonl", "lock", "trials",
        "best.yaml", "best.py", "report.html",
    }  # fmt: skip
    assert result.folder == tmp_path / "run"
    lines = (tmp_path / "run" / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [trial.record() for trial in result.trials]
    known = json.loads((tmp_path / "run" / "run.json").read_text())
    assert known["setup"]["settings"]["seed"] == 0
    assert known["sessions"][0]["versions"]["archdsl"] == archdsl.__version__


def test_the_space_is_kept_as_searched_and_as_written(tiny, run, tmp_path) -> None:
    text = "# a comment\n" + tiny().spec.dump()
    (tmp_path / "mine.yaml").write_text(text)
    spec = archdsl.load(tmp_path / "mine.yaml", set={"params.width": 8, "search.trials": 2})
    run(archdsl.space(spec), tmp_path / "run")
    assert (tmp_path / "run" / "space.written.yaml").read_text() == text
    assert archdsl.load(tmp_path / "run" / "space.yaml") == spec


def test_a_search_without_a_folder_leaves_nothing(tiny, run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(tiny(trials=2))
    assert result.folder is None
    assert list(tmp_path.iterdir()) == []
    assert result.best is not None and result.best.spec.network() is not None


def test_a_finished_run_is_not_run_again(tiny, run, tmp_path) -> None:
    first = run(tiny(trials=4), tmp_path / "run")

    def never(candidate: object) -> float:
        raise AssertionError("there is nothing left to judge")

    again = run(tiny(trials=4), tmp_path / "run", evaluate=never)
    assert again.trials == first.trials
    assert again.best == first.best
    fewer = run(tiny(trials=2), tmp_path / "run", evaluate=never)
    assert fewer.trials == first.trials


@pytest.mark.parametrize("given", [{"budget": {"macs": "60k"}}, {}])
def test_whoever_measures_the_space_sees_how_far_it_is(tiny, run, tmp_path, given) -> None:
    def measuring(trials: int) -> list[tuple[int, int]]:
        heard: list[Any] = []
        run(tiny(trials=trials, **given), tmp_path / "run", listener=heard.append)
        return [
            (event.done, event.total)
            for event in heard
            if isinstance(event, Preparing) and event.what == "measuring each distinct layer once"
        ]

    fresh = measuring(2)
    assert len(fresh) > 10 and fresh == [(n, len(fresh)) for n in range(1, len(fresh) + 1)]
    assert measuring(2) == []  # there is nothing left to propose
    assert measuring(3) == fresh  # a space that was read anew


def test_a_run_goes_on_to_a_greater_total(tiny, run, tmp_path) -> None:
    numbers = []

    def noted(candidate) -> float:
        numbers.append(candidate.number)
        return 0.5

    run(tiny(trials=3), tmp_path / "run", evaluate=noted)
    longer = run(tiny(trials=5), tmp_path / "run", evaluate=noted)
    whole = run(tiny(trials=5), evaluate=lambda candidate: 0.5)
    assert numbers == [0, 1, 2, 3, 4]
    assert [t.decisions for t in longer.trials] == [t.decisions for t in whole.trials]
    assert longer.trials[0].cost.macs == longer.trials[0].costs["macs"]


CHANGES = [
    ({"seed": 1}, {}, "search.seed was 0, and now it is 1"),
    ({"sampler": "grid"}, {}, "search.sampler was gp, and now it is grid"),
    ({"budget": {"macs": "50k"}}, {}, "search.budget.macs was not there, and now it is [0, 50000]"),
    ({"maximize": "loss"}, {}, "search.objectives.0.name was accuracy, and now it is loss"),
    ({"proxy": {"epochs": 3}}, {}, "search.proxy.epochs was 10, and now it is 3"),
    (
        {"proxy": {"validate_every": 3}},
        {},
        "search.proxy.validate_every was 1, and now it is 3",
    ),
    ({}, {"stages.0.dim": 24}, "stages.0.dim was $width, and now it is 24"),
    ({}, {"params.width": 8}, "params.width.choice was [8, 16], and now it is not there"),
    ({}, {"block.norm": "batch_norm"}, "block.norm was layer_norm, and now it is batch_norm"),
]


@pytest.mark.parametrize(("settings", "patches", "said"), CHANGES)
def test_another_search_is_not_mixed_into_a_run(
    tiny, run, tmp_path, settings, patches, said
) -> None:
    run(tiny(trials=2), tmp_path / "run")
    before = (tmp_path / "run" / "study.journal").read_bytes()
    with pytest.raises(SearchError) as caught:
        run(tiny(patches, trials=3, **settings), tmp_path / "run")
    assert f"{tmp_path / 'run'} holds a search in which {said}.  " in str(caught.value)
    assert "choose another --out" in str(caught.value)
    assert (tmp_path / "run" / "study.journal").read_bytes() == before


def test_a_setting_that_a_record_does_not_have_was_what_it_usually_is(tiny, tmp_path) -> None:
    space = tiny()
    now = setup(space, space.spec.settings(), True)
    before = {**now, "settings": {**now["settings"], "proxy": dict(now["settings"]["proxy"])}}
    del before["settings"]["proxy"]["validate_every"]
    before["settings"]["proxy"]["data"] = dict(before["settings"]["proxy"]["data"])
    del before["settings"]["proxy"]["data"]["placements"]
    refuse_changes(tmp_path, before, now)
    other = tiny(proxy={"validate_every": 2})
    with pytest.raises(SearchError, match="validate_every was not there, and now it is 2"):
        refuse_changes(tmp_path, before, setup(other, other.spec.settings(), True))
    other = tiny(proxy={"data": {"type": "digits", "placements": 2}})
    with pytest.raises(SearchError, match=r"data\.placements was not there, and now it is 2"):
        refuse_changes(tmp_path, before, setup(other, other.spec.settings(), True))


def test_proxy_training_is_not_mixed_with_an_own_evaluate(tiny, run, tmp_path) -> None:
    run(tiny(trials=2), tmp_path / "run")
    said = "the judge was an evaluate function, and now it is proxy training"
    with pytest.raises(SearchError, match=said):
        run(tiny(trials=2), tmp_path / "run", evaluate=None)


MIXER = '''\
from archdsl import token_mixer
from torch import nn


@token_mixer("still")
class Still(nn.Module):
    """Nothing."""

    def __init__(self, dim):
        super().__init__()

    def forward(self, x):
        return x
'''
WITH_IMPORT = """\
archdsl: 1
name: mine
imports: [IMPORT]
input: [1, 8, 8]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: {choice: [still, pooling]}, channel_mixer: mlp}
stages: [{dim: 8, depth: 1}]
head: linear
search: {trials: 2}
"""


def with_import(folder: Path, entry: str) -> Path:
    (folder / entry).resolve().write_text(MIXER)
    (folder / "mine.yaml").write_text(WITH_IMPORT.replace("IMPORT", entry))
    return folder / "mine.yaml"


def still_wins(candidate) -> float:
    return float(candidate.decisions["block.token_mixer"] == "still")


def test_a_changed_import_is_another_space(run, tmp_path) -> None:
    file, out = with_import(tmp_path, "./still.py"), tmp_path / "run"
    assert len(run(archdsl.space(file), out, evaluate=still_wins).trials) == 2
    (tmp_path / "still.py").write_text(MIXER.replace("Nothing", "Nothing at all"))
    with pytest.raises(SearchError, match=r"in which imports\../still.py was"):
        run(archdsl.space(file), out, evaluate=still_wins)


@pytest.mark.parametrize("entry", ["./still.py", "../still.py"])
def test_a_winner_loads_wherever_its_folder_goes(run, tmp_path, entry) -> None:
    (tmp_path / "specs").mkdir()
    out = tmp_path / "specs" / "runs" / "mine"
    result = run(archdsl.space(with_import(tmp_path / "specs", entry)), out, evaluate=still_wins)
    moved = out.rename(tmp_path / "elsewhere")
    assert (moved / "still.py").read_text() == MIXER
    assert archdsl.load(moved / "best.yaml").network() == result.best.spec.network()
    assert archdsl.space(moved / "space.yaml").size == 2


def test_a_winner_takes_the_neighbours_of_its_imports_along(run, tmp_path) -> None:
    (tmp_path / "specs").mkdir()
    for folder, name in (("one", "still"), ("two", "calm"), ("specs", "quiet")):
        (tmp_path / folder).mkdir(exist_ok=True)
        text = MIXER.replace('"still"', f'"{name}"').replace(
            "from torch", "import near\nfrom torch"
        )
        (tmp_path / folder / f"{name}.py").write_text(text)
        (tmp_path / folder / "near.py").write_text(f"WHERE = '{folder}'\n")
    (tmp_path / "specs" / "pack" / "deep").mkdir(parents=True)
    for place in ("pack/__init__.py", "pack/deep/__init__.py"):
        (tmp_path / "specs" / place).write_text("")
    entries = "../one/still.py, ../two/calm.py, ./quiet.py, ./pack"
    spec = tmp_path / "specs" / "mine.yaml"
    spec.write_text(WITH_IMPORT.replace("IMPORT", entries).replace("pooling", "calm, quiet"))
    result = run(archdsl.space(spec), tmp_path / "run", evaluate=still_wins)
    moved = (tmp_path / "run").rename(tmp_path / "elsewhere")
    assert archdsl.load(moved / "best.yaml").network() == result.best.spec.network()
    assert archdsl.load(moved).network() == result.best.spec.network()
    assert archdsl.space(moved / "space.yaml").size == 3
    found = {path.read_text() for path in moved.rglob("near.py")}
    assert found == {f"WHERE = '{folder}'\n" for folder in ("one", "two", "specs")}
    assert (moved / "pack" / "deep" / "__init__.py").is_file()


def test_a_run_without_trials_may_be_changed(tiny, run, tmp_path) -> None:
    def interrupted(candidate: object) -> float:
        raise KeyboardInterrupt

    assert run(tiny(trials=3), tmp_path / "run", evaluate=interrupted).trials == ()
    result = run(tiny(trials=3, seed=5), tmp_path / "run")
    assert len(result.trials) == 3
    assert run(tiny(trials=3, seed=5), tmp_path / "run").trials == result.trials


def test_a_folder_of_something_else_is_left_alone(tiny, run, tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(SearchError, match=r"is not empty and holds no search \(thesis.tex"):
        run(tiny(trials=2), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(SearchError, match="is no folder"):
        run(tiny(trials=2), tmp_path / "thesis.tex")
    (tmp_path / "empty").mkdir()
    assert run(tiny(trials=2), tmp_path / "empty").best is not None


def test_a_refused_search_leaves_no_folder(tiny, run, tmp_path) -> None:
    with pytest.raises(SearchError, match="no architecture of this space fits"):
        run(tiny(budget={"macs": "1k"}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_whose_record_is_gone_is_refused_in_words(tiny, run, tmp_path) -> None:
    run(tiny(trials=2), tmp_path / "run")
    (tmp_path / "run" / "record.jsonl").unlink()
    with pytest.raises(SearchError, match=r"holds a search whose record.jsonl is gone or empty"):
        run(tiny(trials=2), tmp_path / "run")
    assert (tmp_path / "run" / "trials.jsonl").exists()


def test_what_a_kill_leaves_is_cleared_away(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    run(tiny(trials=2), out)
    (out / "best.yaml.tmp").write_text("half")
    (out / "trials" / "00007").mkdir()
    (out / "trials" / "00007" / "weights.safetensors").write_text("of a trial that is not there")
    lines = (out / "trials.jsonl").read_text().splitlines(keepends=True)
    (out / "trials.jsonl").write_text(lines[0] + lines[1][:20])
    run(tiny(trials=2), out)
    assert not (out / "best.yaml.tmp").exists()
    assert not list((out / "trials").iterdir())
    assert (out / "trials.jsonl").read_text() == "".join(lines)


def test_what_a_trial_leaves_that_was_over_at_a_kill_is_cleared_away(tiny, run, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        (candidate.folder / "weights.safetensors").write_text(str(candidate.number))
        return [0.2, 0.5, 0.4][candidate.number]

    out = tmp_path / "run"
    run(tiny(trials=3), out, evaluate=evaluate)
    kept = sorted((out / "trials").rglob("*"))
    assert [path.parent.name for path in kept if path.is_file()] == ["00000", "00001"]
    for number in range(3):  # the kill came when the record had the trial, before its folder went
        folder = out / "trials" / f"{number:05}"
        folder.mkdir(exist_ok=True)
        (folder / "checkpoint.ckpt").write_text("of its last epoch")
    (out / "trials" / "00002" / "weights.safetensors").write_text("2")
    run(tiny(trials=3), out, evaluate=evaluate)
    assert sorted((out / "trials").rglob("*")) == kept


@pytest.mark.parametrize("name", ["record.jsonl", "trials", "lock"])
def test_a_set_up_that_was_cut_short_is_made_again(tiny, run, tmp_path, name) -> None:
    out = tmp_path / "run"
    out.mkdir()
    for made in ("lock", "trials", "record.jsonl"):
        if made == name:
            break
        (out / made).mkdir() if made == "trials" else (out / made).write_text("")
    (out / "record.jsonl.tmp").write_text("{")
    assert len(run(tiny(trials=2), out).trials) == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lock", "lock cannot be written: Is a directory"),
        ("record.jsonl", "record.jsonl cannot be read: Is a directory"),
        ("run.json", "run.json cannot be written: Is a directory"),
        ("trials.jsonl", "trials.jsonl cannot be written: Is a directory"),
        ("study.journal", "study.journal cannot be written: Is a directory"),
        ("space.yaml", "space.yaml cannot be written: Is a directory"),
    ],
)
def test_a_folder_where_a_file_belongs_is_said_in_words(tiny, run, tmp_path, name, said) -> None:
    out = tmp_path / "run"
    run(tiny(trials=2), out)
    kept = (out / name).read_bytes()
    (out / name).unlink()
    (out / name).mkdir()
    with pytest.raises(SearchError, match=re.escape(f"{out / said}.  see to it, and the same")):
        run(tiny(trials=3), out)
    (out / name).rmdir()
    (out / name).write_bytes(kept)
    assert len(run(tiny(trials=3), out).trials) == 3


def test_a_lock_that_is_no_file_is_said_in_words(tiny, run, tmp_path) -> None:
    lock = tmp_path / "run" / "lock"
    result = run(tiny(trials=2), lock.parent)
    lock.unlink()
    os.mkfifo(lock)
    with pytest.raises(SearchError, match=r"lock cannot be written: no regular file.  see to it"):
        run(tiny(trials=2), lock.parent)
    for target, said in (("lock", "Too many levels of symbolic links"), (os.devnull, "no regular")):
        lock.unlink()
        lock.symlink_to(target)
        with pytest.raises(SearchError, match=f"lock cannot be written: {said}"):
            run(tiny(trials=2), lock.parent)
    lock.unlink()
    assert run(tiny(trials=2), lock.parent).trials == result.trials


@pytest.mark.parametrize("target", ["best.yaml", "elsewhere/best.yaml"])
def test_a_link_in_the_place_of_best_yaml_changes_nothing(tiny, run, tmp_path, target) -> None:
    out = tmp_path / "run"
    best = run(tiny(trials=2), out).best
    (out / "best.yaml").unlink()
    (out / "best.yaml").symlink_to(target)
    assert archdsl.load(out).network() == best.spec.network()


def test_a_file_where_the_trials_folder_belongs_is_said_in_words(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    run(tiny(trials=2), out)
    (out / "trials").rmdir()
    (out / "trials").write_text("mine")
    with pytest.raises(SearchError, match=r"trials cannot be written: File exists.  see to it"):
        run(tiny(trials=3), out)
    assert (out / "trials").read_text() == "mine"
