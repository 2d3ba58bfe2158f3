"""Our samplers in a study of one's own: distinct members inside the budget, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import optuna
import pytest

import archdsl
from archdsl.errors import SearchError, SpecError
from archdsl.spaces.budget import InfeasibleBudget
from archdsl.study.propose.fingerprints import fingerprint

NAMES = ("gp", "tpe", "evolution", "random", "grid")
BUDGET = {"macs": "60k", "params": "9k"}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def worth(space: Any, member: Any) -> float:
    """A smooth task: separable convolutions and depth help."""
    answers = member.decisions
    mixers = sum(answers[f"stages.{stage}.token_mixer"] == "sep_conv" for stage in (0, 1))
    return 0.3 * mixers + 0.1 * answers["stages.1.depth"] + space.cost(member).params / 1e6


def networks(space: Any, study: optuna.Study) -> list[str]:
    """What each trial tried, as its parameters say; they are exactly the member's decisions."""
    return [
        fingerprint(archdsl.suggest(optuna.trial.FixedTrial(trial.params), space).network())
        for trial in study.trials
    ]


def optimized(space: Any, name: str, trials: int = 30, **given: Any) -> optuna.Study:
    sampler = archdsl.BudgetSampler(space, BUDGET, name, **given)
    study = optuna.create_study(direction="maximize", sampler=sampler)

    def objective(trial: optuna.Trial) -> float:
        member = archdsl.suggest(trial, space)
        assert space.cost(member).macs <= 60_000 and space.cost(member).params <= 9_000
        assert trial.params.keys() == member.decisions.keys()
        return worth(space, member)

    study.optimize(objective, n_trials=trials)
    return study


@pytest.mark.parametrize("name", NAMES)
def test_thirty_trials_are_thirty_networks_inside_the_budget(tiny, name) -> None:
    space = tiny()
    study = optimized(space, name)
    assert len(set(networks(space, study))) == 30
    # sep_conv raises a question that pooling does not
    kernels = ["stages.1.token_mixer.sep_conv.kernel" in trial.params for trial in study.trials]
    assert any(kernels) and not all(kernels)
    # the default fits, and is the known-good point to start from
    assert study.trials[0].params == space.default().decisions


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_trials_and_another_others(tiny, name) -> None:
    one, same = (optimized(tiny(), name, 15, seed=3) for _ in range(2))
    other = optimized(tiny(), name, 15, seed=4)
    assert [t.params for t in one.trials] == [t.params for t in same.trials]
    if name != "grid":
        assert [t.params for t in one.trials] != [t.params for t in other.trials]


def test_it_proposes_what_a_search_proposes(tiny, run) -> None:
    space = tiny(budget=BUDGET, trials=16)
    searched = run(space, evaluate=lambda c: worth(space, c.spec)).trials
    mine = optimized(space, "gp", 16)
    assert [trial.decisions for trial in searched] == [trial.params for trial in mine.trials]


def test_a_minimised_loss_is_the_same_as_a_maximised_gain(tiny) -> None:
    space = tiny()
    gain = optimized(space, "tpe", 16)
    loss = optuna.create_study(sampler=archdsl.BudgetSampler(space, BUDGET, "tpe"))
    loss.optimize(lambda t: -worth(space, archdsl.suggest(t, space)), n_trials=16)
    assert [trial.params for trial in gain.trials] == [trial.params for trial in loss.trials]


@pytest.mark.parametrize("name", ["tpe", "evolution", "gp"])
def test_two_objectives(tiny, name) -> None:
    space = tiny()
    sampler = archdsl.BudgetSampler(space, BUDGET, name)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        member = archdsl.suggest(trial, space)
        return worth(space, member), float(space.cost(member).macs)

    study.optimize(objective, n_trials=30)
    assert len(set(networks(space, study))) == 30
    assert len(study.best_trials) > 1


def test_workers_side_by_side_try_different_members(tiny) -> None:
    space = tiny()
    sampler = archdsl.BudgetSampler(space, BUDGET, "tpe")
    study = optuna.create_study(direction="maximize", sampler=sampler)
    together = threading.Barrier(3, timeout=60)

    def objective(trial: optuna.Trial) -> float:
        member = archdsl.suggest(trial, space)
        together.wait()
        return worth(space, member)

    study.optimize(objective, n_trials=30, n_jobs=3)
    assert len(set(networks(space, study))) == 30


def test_who_is_under_way_is_not_proposed_again_though_it_has_asked_nothing(tiny) -> None:
    space = tiny()
    study = optuna.create_study(sampler=archdsl.BudgetSampler(space, BUDGET, "random"))
    trials = [study.ask() for _ in range(12)]
    for trial in trials:
        _ = trial.relative_params  # proposed, and nothing asked
    members = [archdsl.suggest(trial, space) for trial in reversed(trials)]
    assert len({fingerprint(member.network()) for member in members}) == 12


@pytest.mark.parametrize("name", ["tpe", "evolution", "gp"])
def test_the_order_in_which_trials_finish_does_not_matter(tiny, name) -> None:
    space = tiny()

    def then_next(order: list[int]) -> dict[str, Any]:
        sampler = archdsl.BudgetSampler(space, BUDGET, name)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        asked = [study.ask() for _ in range(24)]
        members = [archdsl.suggest(trial, space) for trial in asked]
        for index in order:
            study.tell(asked[index], worth(space, members[index]))
        following = study.ask()
        archdsl.suggest(following, space)
        return following.params

    forwards = list(range(24))
    assert then_next(forwards) == then_next(forwards[::-1])


def test_another_sampler_on_the_same_storage_goes_on(tiny) -> None:
    space = tiny()
    whole = optimized(space, "evolution", 24)
    part = optimized(space, "evolution", 12)
    part.sampler = archdsl.BudgetSampler(space, BUDGET, "evolution")
    part.optimize(lambda t: worth(space, archdsl.suggest(t, space)), n_trials=12)
    assert [trial.params for trial in part.trials] == [trial.params for trial in whole.trials]


def test_failures_count_as_the_worst_and_are_not_tried_again(tiny) -> None:
    space = tiny()
    study = optuna.create_study(
        direction="maximize", sampler=archdsl.BudgetSampler(space, BUDGET, "tpe")
    )

    def fragile(trial: optuna.Trial) -> float:
        member = archdsl.suggest(trial, space)
        if member.decisions["stages.0.token_mixer"] == "pooling":
            raise RuntimeError("pooling cannot be trained here")
        return member.decisions["stages.1.depth"] / 10

    study.optimize(fragile, n_trials=40, catch=RuntimeError)
    failed = [trial.state is optuna.trial.TrialState.FAIL for trial in study.trials]
    assert len(set(networks(space, study))) == 40
    assert sum(failed[20:]) < 0.2 * len(failed[20:])
    assert any(failed)


def test_parameters_and_trials_of_ones_own_do_no_harm(tiny) -> None:
    space = tiny()
    study = optuna.create_study(sampler=archdsl.BudgetSampler(space, BUDGET, "tpe"))
    study.enqueue_trial({"stages.0.depth": 1, "lr": 0.5})
    study.add_trial(optuna.trial.create_trial(value=1.0))

    def objective(trial: optuna.Trial) -> float:
        return worth(space, archdsl.suggest(trial, space)) + trial.suggest_float("lr", 0, 1)

    study.optimize(objective, n_trials=14)
    rates = [trial.params["lr"] for trial in study.trials if trial.params]
    assert rates[0] == 0.5 and len(set(rates)) == 14


def test_everything_tried_is_said(tiny) -> None:
    space = tiny({"stages.0.depth": 1, "stages.1.depth": 1, "params.width": 8})
    study = optuna.create_study(sampler=archdsl.BudgetSampler(space, None, "random"))
    with pytest.raises(SearchError) as caught:
        study.optimize(lambda t: archdsl.suggest(t, space).network().classes, n_trials=99)
    assert str(caught.value) == "every architecture inside the budget was tried"
    done = [t for t in study.trials if t.state is optuna.trial.TrialState.COMPLETE]
    assert len(done) == space.size


def test_optunas_own_samplers_suggest_members_too(tiny) -> None:
    space = tiny()
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    members = [archdsl.suggest(study.ask(), space) for _ in range(30)]
    assert max(space.cost(member).macs for member in members) > 60_000


def test_what_cannot_be_is_refused_when_it_is_made(tiny) -> None:
    space = tiny()
    with pytest.raises(InfeasibleBudget, match="no architecture of this space fits 1k"):
        archdsl.BudgetSampler(space, {"macs": "1k"})
    with pytest.raises(SpecError):
        archdsl.BudgetSampler(space, {"flops": "1M"})
    with pytest.raises(SearchError) as caught:
        archdsl.BudgetSampler(space, BUDGET, "evolutoin")
    assert str(caught.value) == (
        "no sampler is called 'evolutoin'.  did you mean 'evolution'?  "
        "choose from gp, tpe, evolution, random, grid"
    )
    with pytest.raises(SearchError, match=r"a sampler is a text, and not 3"):
        archdsl.BudgetSampler(space, None, 3)
    with pytest.raises(SearchError, match=r"a space is what archdsl.space\(...\) gives, not 'a'"):
        archdsl.BudgetSampler("a", None)
    with pytest.raises(SearchError, match=r"a space is what archdsl.space\(...\) gives, not None"):
        archdsl.suggest(optuna.trial.FixedTrial({}), None)
    with pytest.raises(SearchError, match="a trial is what Optuna hands to an objective, not 3"):
        archdsl.suggest(3, space)
    assert archdsl.BudgetSampler(space, None, "tpe").space is space
