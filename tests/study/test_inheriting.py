"""A search whose trials begin with the weights of others, whoever finishes first and stops it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archdsl.cli import main
from archdsl.compiler.alike import tensors_of
from archdsl.errors import SearchError
from archdsl.spaces import Space
from archdsl.study import search, session
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.work import Work
from archdsl.study.finish import Left
from archdsl.study.propose.known import known
from archdsl.study.record.rounds import is_final
from archdsl.study.report.page import write_report
from tests.study.conftest import judged, tiny_space
from tests.study.engines.test_seam import Threads
from tests.study.test_branches import Forking, forking_space
from tests.study.test_pruned import Break, searched, state_of, value_of

SIZE = 400_000
TRIALS = 8


def leave(job: Any) -> None:
    """Weights that say whose they are."""
    content = json.dumps({"trial": job.trial, "decisions": job.decisions})
    Path(job.folder, WEIGHTS).write_text(content.ljust(SIZE))


class Leaving(Work):
    """Leaves weights behind where it is to; began: job -> whose weights it was given"""

    def __init__(self, *fails: int) -> None:
        super().__init__()
        self.fails = fails
        self.began: dict[Any, int | None] = {}

    def _judge(self, job: Any, space: Space, begin: Any, report: Any, should_stop: Any) -> Any:
        begin(None)
        source = None
        if job.inherits is not None:
            decisions, weights = job.inherits
            left = json.loads(Path(weights).read_text())
            source = left["trial"]
            assert left["decisions"] == decisions
        self.began[job.training] = source
        if job.trial in self.fails:
            raise ValueError("this one cannot be trained")
        report(1, {"accuracy": 0.5})
        leave(job)
        return {"accuracy": value_of(job.decisions, 1)}


def inheriting_space(**settings: Any) -> Space:
    usual: dict[str, Any] = {
        "trials": TRIALS, "sampler": "random",
        "proxy": {"epochs": 1, "steps_per_epoch": 1, "inherit": True},
    }  # fmt: skip
    return tiny_space({"input": [1, 12, 12]}, **{**usual, **settings})


@pytest.fixture(autouse=True)
def without_files_of_the_winner(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search takes most of its time to write its page and its winner, where nobody trains."""
    monkeypatch.setattr(session, "finish", lambda run, emit: Left([], None))


def of_trials(out: Path) -> list[tuple[int, int | None, float | None]]:
    trials = state_of(out).trials.values()
    return [(trial.number, trial.inherits, trial.share) for trial in trials]


def test_a_trial_begins_with_the_nearest_that_it_may_know(tmp_path) -> None:
    space = inheriting_space()
    work = Leaving(4)
    searched(space, tmp_path / "run", Inline(work))
    trials = list(state_of(tmp_path / "run").trials.values())
    tensors = [tensors_of(space.member(one.decisions).network()) for one in trials]
    for trial in trials:
        may = [n for n in range(trial.number) if n != 4]
        has = {n: tensors[trial.number].parameters_in(tensors[n]) for n in may}
        most = max(has.values(), default=0)
        wanted = min((n for n in may if has[n] == most), default=None) if most else None
        assert trial.inherits == wanted
        if wanted is not None:
            assert trial.share == round(most / tensors[trial.number].parameters, 4)
    began = {key.trial: source for key, source in work.began.items()}
    assert began == {trial.number: trial.inherits for trial in trials}
    assert len({source for source in began.values() if source is not None}) > 1


def test_sources_are_the_same_whoever_finishes_first(tmp_path) -> None:
    for seed in (1, 2):
        space = inheriting_space(workers=2)
        searched(space, tmp_path / str(seed), Threads(Leaving(3), capacity=2, seed=seed))
    assert of_trials(tmp_path / "1") == of_trials(tmp_path / "2")
    state = state_of(tmp_path / "1")
    for trial in state.trials.values():
        if trial.inherits is not None:
            assert trial.inherits < known(trial.number, state.sessions)
    assert any(trial.inherits is not None for trial in state.trials.values())


@pytest.mark.parametrize("disk", [pytest.param(None, marks=pytest.mark.slow), "1M"])
def test_a_search_that_is_broken_off_anywhere_ends_as_one_that_was_not(
    tmp_path, disk, monkeypatch
) -> None:
    from archdsl.study.phases import inheriting

    monkeypatch.setattr(inheriting, "_bytes", lambda tensors: SIZE)
    space = inheriting_space(disk=disk)
    searched(space, tmp_path / "whole", Inline(Leaving(3)))
    out = tmp_path / "broken"
    for after in itertools.count(1):
        heard = Counter[str]()

        def listener(event: Any, after: int = after, heard: Counter[str] = heard) -> None:
            heard["all"] += type(event).__name__ in ("Epoch", "TrialStarted", "TrialFinished")
            if heard["all"] > 2 + after % 3:
                raise Break

        try:
            searched(space, out, Inline(Leaving(3)), listener=listener)
        except Break:
            continue
        break
    assert of_trials(out) == of_trials(tmp_path / "whole")
    left = {int(path.parent.name) for path in out.glob(f"trials/*/{WEIGHTS}")}
    best = {0, *(trial.number for trial in state_of(out).leading)}
    assert left - best == set(range(TRIALS)) - {3} - best if disk is None else len(left - best) <= 4


class ForkingAndLeaving(Forking):
    """As the trainings of a search whose schedule forks, which leave weights at their ends."""

    def _judge(self, job: Any, *rest: Any) -> Any:
        if job.inherits is not None:
            assert Path(job.inherits[1]).is_file()
        found = super()._judge(job, *rest)
        if job.until is None:
            leave(job)
        return found


def test_a_search_that_prunes_inherits_from_those_that_are_whole(tmp_path) -> None:
    proxy = {"epochs": 8, "steps_per_epoch": 1, "schedule": "wsd", "inherit": True}
    space = forking_space(sampler="random", workers=2, trials=14, proxy=proxy)
    for seed in (1, 2):
        engine = Threads(ForkingAndLeaving(), capacity=2, seed=seed)
        searched(space, tmp_path / str(seed), engine)
    assert of_trials(tmp_path / "1") == of_trials(tmp_path / "2")
    state = state_of(tmp_path / "1")
    sources = {trial.inherits for trial in state.trials.values()} - {None}
    assert sources
    assert {state.trials[number].state for number in sources} == {"complete"}


def test_finalists_begin_afresh(tmp_path) -> None:
    work = Leaving()
    space = inheriting_space(trials=3, final={"keep": 2, "seeds": 2})
    searched(space, tmp_path / "run", Inline(work))
    finals = [source for key, source in work.began.items() if is_final(key)]
    assert len(finals) > 3
    assert set(finals) == {None}
    assert any(source is not None for key, source in work.began.items() if not is_final(key))


def test_it_is_told_where_trials_are(tmp_path, capsys) -> None:
    result = searched(inheriting_space(trials=3), tmp_path / "run", Inline(Leaving()))
    trial = next(one for one in result.trials if one.inherits is not None)
    assert trial.record()["inherits"] == trial.inherits
    assert trial.record()["share"] == trial.share
    words = trial.began_with
    assert words is not None
    assert words.endswith(f" % of trial {trial.inherits}")
    page = " ".join(write_report(tmp_path / "run").read_text().split())
    assert f"began with {words}" in page
    assert main(["status", str(tmp_path / "run")]) == 0
    assert f"weights that trials may begin with: {3 * SIZE / 1e6:.3g}M bytes" in (
        capsys.readouterr().out
    )
    assert main(["status", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights"] == 3 * SIZE


def test_weights_that_are_gone_are_asked_for(tmp_path) -> None:
    def stop(event: Any) -> None:
        if type(event).__name__ == "TrialStarted" and event.number == 4:
            raise Break

    with pytest.raises(Break):
        searched(inheriting_space(), tmp_path / "run", Inline(Leaving()), listener=stop)
    source = state_of(tmp_path / "run").trials[4].inherits
    assert source is not None
    weights = tmp_path / "run" / "trials" / f"{source:05}" / WEIGHTS
    content = weights.read_text()
    weights.unlink()
    with pytest.raises(SearchError) as caught:
        searched(inheriting_space(), tmp_path / "run", Inline(Leaving()))
    assert str(caught.value) == (
        f"trial 4 begins with the weights of trial {source}, and {weights} is not there.  restore "
        "it from a copy"
    )
    weights.parent.mkdir(exist_ok=True)  # an empty one is removed
    weights.write_text(content)
    searched(inheriting_space(), tmp_path / "run", Inline(Leaving()))


def test_an_evaluate_begins_with_weights_of_its_own(tmp_path) -> None:
    space = inheriting_space()
    with pytest.raises(SearchError) as caught:
        search(space, evaluate=judged, out=tmp_path / "run", settings=space.spec.settings())
    assert str(caught.value) == (
        "search.proxy.inherit: an evaluate of your own builds its candidates itself, with fresh "
        "weights.  drop search.proxy.inherit, or name your training as search.proxy.module"
    )
    assert not (tmp_path / "run").exists()
