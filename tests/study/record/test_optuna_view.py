"""The study as Optuna keeps it: written from the record, and again where it is not whole."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from archdsl.language.settings import Objective
from archdsl.study.record.optuna_view import OptunaView
from archdsl.study.trial import Trial

OBJECTIVES = (Objective("accuracy", "maximize"),)


def trial(number: int, space, **given) -> Trial:
    member = space.sample(1, seed=number)[0]
    given.setdefault("values", (0.5,))
    return Trial(
        number, "random", dict(member.decisions), member.dump(),
        {"macs": 1, "params": 2, "train_params": 2, "activations": 3}, f"n{number}",
        "failed" if given["values"] is None else "complete",
        metrics={"accuracy": 0.5, "loss": float("inf")},
        epochs=({"step": 1, "accuracy": 0.25}, {"step": 2, "accuracy": 0.5}),
        begun=1000.0 + number, ended=1009.0 + number, space=space, **given,
    )  # fmt: skip


@pytest.fixture
def view(tiny, tmp_path):
    """Make the view in a file hold these trials."""
    space = tiny()

    def made(*trials: Trial) -> OptunaView:
        return OptunaView(tmp_path / "study.journal", "tiny", OBJECTIVES, space, trials)

    return made


def study(path: Path) -> optuna.Study:
    """As anybody with Optuna alone reads it."""
    backend = JournalFileBackend(str(path), lock_obj=JournalFileOpenLock(str(path)))
    return optuna.load_study(study_name="tiny", storage=JournalStorage(backend))


def test_a_trial_is_one_line_and_opening_adds_none(view, tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    kept, trials = view(), [trial(number, space) for number in range(3)]
    for number, one in enumerate(trials):
        kept.add(one)
        assert len(path.read_bytes().splitlines()) == number + 2
    before = path.read_bytes()
    view(*trials)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: text[:1],
        lambda text: text[:-1],
        lambda text: text[: text.rindex(b"\n", 0, -1) + 1],  # the last trial is not there
        lambda text: text.replace(b'"trial": 1', b'"trial": 7').replace(b'"trial":1', b'"trial":7'),
        lambda text: b"\n".join(reversed(text.split(b"\n"))),
        lambda text: text + text.split(b"\n")[1] + b"\n",
        lambda text: b"[]\n" * 3,
        lambda text: b"\xff" + text,
    ],
)
def test_whatever_is_wrong_with_it_it_is_written_again(view, tiny, tmp_path, damage) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    trials = [trial(0, space), trial(1, space)]
    view(*trials)
    path.write_bytes(damage(path.read_bytes()))
    view(*trials).add(trial(2, space))
    assert [one.user_attrs["trial"] for one in study(path).trials] == [0, 1, 2]


def test_optuna_reads_it_by_itself_with_times_and_epochs(view, tiny, tmp_path) -> None:
    space, path = tiny(), tmp_path / "study.journal"
    view(trial(0, space), trial(1, space, values=None, cause="diverged"))
    first, second = study(path).trials
    assert first.params == space.sample(1, seed=0)[0].decisions
    assert first.value == 0.5
    assert first.intermediate_values == {1: 0.25, 2: 0.5}
    assert first.datetime_start == datetime.fromtimestamp(1000)
    assert first.datetime_complete == datetime.fromtimestamp(1009)
    assert second.state.name == "FAIL"
    assert second.user_attrs["cause"] == "diverged"
    assert study(path).best_trial.number == 0


def test_a_line_is_json_that_any_program_reads(view, tiny, tmp_path) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    view(trial(0, tiny()))
    for line in (tmp_path / "study.journal").read_text().splitlines():
        json.loads(line, parse_constant=refuse)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_optunas_plots_and_importances_are_made_of_it(run, tiny, tmp_path) -> None:
    import matplotlib as mpl
    from optuna.visualization import matplotlib as plots

    mpl.use("agg")

    def evaluate(candidate) -> float:
        for step in (1, 2, 3):
            candidate.report(step, step * candidate.cost.params / 1e6)
        return candidate.cost.params / 1e5

    run(tiny(trials=8), tmp_path, evaluate=evaluate)
    read = study(tmp_path / "study.journal")
    curves = plots.plot_intermediate_values(read).get_lines()
    assert [list(curve.get_xdata()) for curve in curves] == [[1, 2, 3]] * 8
    bars = plots.plot_timeline(read).patches
    assert len(bars) == 8
    assert all(trial.duration.total_seconds() >= 0 for trial in read.trials)
    assert optuna.importance.get_param_importances(read)
