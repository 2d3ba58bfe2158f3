"""BudgetSampler where something is fixed: enqueued trials, samplers around it, retries."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import PartialFixedSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState, create_trial

import archdsl
from archdsl.errors import ArchError, SearchError, SpecError
from archdsl.spaces import Space
from archdsl.study.propose.fingerprints import fingerprint
from tests.study.conftest import tiny_space

NAMES = ("gp", "tpe", "evolution", "random", "grid")
BUDGET = {"macs": "100k"}
KERNEL = "stages.1.token_mixer.sep_conv.kernel"
SMALL = {"stages.0.depth": 1, "stages.1.depth": 1, "params.width": 8}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def study_of(space: Space, name: str = "random", budget: Any = BUDGET, **given: Any) -> Any:
    sampler = archdsl.BudgetSampler(space, budget, name)
    return optuna.create_study(direction="maximize", sampler=sampler, **given)


def around(study: Any, fixed: dict[str, Any]) -> None:
    """Put Optuna's PartialFixedSampler around the study's sampler."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.sampler = PartialFixedSampler(fixed, study.sampler)


def tried(space: Space, study: Any) -> list[Any]:
    """The members of the trials that did not fail: each inside the budget, and none twice."""
    members = [
        archdsl.suggest(optuna.trial.FixedTrial(trial.params), space)
        for trial in study.trials
        if trial.state is TrialState.COMPLETE
    ]
    assert all(space.cost(member).macs <= 100_000 for member in members)
    assert len({fingerprint(member.network()) for member in members}) == len(members)
    return members


def worth(space: Space) -> Any:
    def objective(trial: optuna.Trial) -> float:
        member = archdsl.suggest(trial, space)
        assert trial.params.keys() == member.decisions.keys()
        return space.cost(member).params / 1e6 + 0.1 * float(member.decisions["stages.1.depth"])

    return objective


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_of_an_enqueued_trial_is_drawn_inside_the_budget(name: str) -> None:
    space = tiny_space()
    study = study_of(space, name)
    for _ in range(16):
        study.enqueue_trial({"params.width": 16})
    study.optimize(worth(space), n_trials=24)
    members = tried(space, study)
    assert len(members) == 24
    assert {member.decisions["params.width"] for member in members[:16]} == {16}
    if name != "grid":
        assert 8 in {member.decisions["params.width"] for member in members[16:]}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fixed", [{"params.width": 16}, {KERNEL: 5}])
def test_a_sampler_around_it_keeps_what_it_fixes(name: str, fixed: dict[str, Any]) -> None:
    space = tiny_space()
    study = study_of(space, name)
    around(study, fixed)
    study.optimize(worth(space), n_trials=16)
    members = tried(space, study)
    assert len(members) == 16
    assert all(fixed.items() <= member.decisions.items() for member in members)


def test_samplers_around_samplers_and_enqueued_trials_go_together() -> None:
    space = tiny_space()
    study = study_of(space)
    around(study, {"stages.0.depth": 2})
    around(study, {"stages.1.depth": 1, "lr": 0.5})
    study.enqueue_trial({"params.width": 16})
    study.enqueue_trial({"stages.1.depth": 2})  # what is enqueued goes before the samplers

    def objective(trial: optuna.Trial) -> float:
        return float(worth(space)(trial)) * trial.suggest_float("lr", 0, 1)

    def without(trial: optuna.Trial) -> float:
        return float(worth(space)(trial))

    study.optimize(without, n_trials=6)
    found = [member.decisions for member in tried(space, study)]
    assert [one["stages.0.depth"] for one in found] == [2] * 6
    assert [one["stages.1.depth"] for one in found] == [1, 2, 1, 1, 1, 1]
    assert found[0]["params.width"] == 16
    trial = study.ask()
    objective(trial)
    assert trial.params["lr"] == 0.5


def test_two_objectives_and_workers_and_a_storage_that_is_opened_again(tmp_path: Path) -> None:
    space = tiny_space()
    where = JournalStorage(JournalFileBackend(str(tmp_path / "journal")))
    sampler = archdsl.BudgetSampler(space, BUDGET, "evolution")
    study = optuna.create_study(
        study_name="s", storage=where, directions=["maximize", "minimize"], sampler=sampler
    )

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        member = archdsl.suggest(trial, space)
        return worth(space)(trial), float(space.cost(member).macs)

    for _ in range(8):
        study.enqueue_trial({"params.width": 16})
    study.optimize(objective, n_trials=6, n_jobs=2)
    again = archdsl.BudgetSampler(space, BUDGET, "evolution")
    where = JournalStorage(JournalFileBackend(str(tmp_path / "journal")))
    study = optuna.load_study(study_name="s", storage=where, sampler=again)
    study.optimize(objective, n_trials=6, n_jobs=2)
    members = tried(space, study)
    assert len(members) == 12
    assert [m.decisions["params.width"] for m in members].count(16) >= 8


def test_a_whole_member_is_tried_once_if_it_is_inside() -> None:
    space = tiny_space()
    study = study_of(space)
    default = space.default().decisions
    large = {**default, "params.width": 16, "stages.0.depth": 3, "stages.1.depth": 3}
    for whole in (default, dict(sorted(default.items())), large, {"stages.0.depth": 2}):
        study.enqueue_trial(whole)
    said = []

    def objective(trial: optuna.Trial) -> float:
        try:
            return float(worth(space)(trial))
        except ArchError as error:
            said.append(str(error))
            raise

    study.optimize(objective, n_trials=8, catch=(ArchError,))
    assert [trial.state for trial in study.trials[:4]] == [
        TrialState.COMPLETE, TrialState.FAIL, TrialState.FAIL, TrialState.COMPLETE,
    ]  # fmt: skip
    names = " and ".join(f"{address} = {answer}" for address, answer in sorted(default.items()))
    assert said == [
        f"every architecture inside the budget with {names} was tried",
        "no architecture inside the budget has params.width = 16 and stages.0.depth = 3 and "
        "stages.0.token_mixer = identity and stages.1.depth = 3 and stages.1.token_mixer = "
        f"identity.  the nearest has {space.cost(space.member(large)).macs:,} macs; fix other "
        "answers, or widen the budget",
    ]
    assert len(tried(space, study)) == 6


REFUSED = [
    (
        {"params.width": 16, "stages.0.depth": 3, "stages.1.depth": 3},
        SearchError,
        "no architecture inside the budget has params.width = 16 and stages.0.depth = 3 and "
        "stages.1.depth = 3.  the nearest has 119,360 macs; fix other answers, or widen the budget",
    ),
    (
        {"stages.1.token_mixer": "pooling", KERNEL: 5},
        SearchError,
        f"no architecture of the space has stages.1.token_mixer = pooling and {KERNEL} = 5.  what "
        "one answer does not ask cannot be fixed beside it; leave it out",
    ),
    (
        {"params.width": 12},
        SpecError,
        "params.width: 12 is not among its options\n  choose from 8 16",
    ),
    (
        {"stages.0.depth": 9},
        SpecError,
        "stages.0.depth: 9 is not in its range\n  choose from 1 to 3 in steps of 1",
    ),
    (
        {"params.width": "16"},
        SearchError,
        "params.width: '16' is no value of Optuna's here.  write 16",
    ),
    (
        {"params.widht": 16},
        SearchError,
        "params.widht is fixed, and the space has no such decision.  did you mean params.width?",
    ),
    (
        {"stages.0.blocks.1.token_mixer": "pooling"},
        SearchError,
        "stages.0.blocks.1.token_mixer is fixed, and the space has no such decision.  it has "
        "params.width, stages.0.depth, stages.0.token_mixer, stages.0.token_mixer.sep_conv.kernel, "
        "...",
    ),
]


@pytest.mark.parametrize(("fixed", "kind", "words"), REFUSED)
def test_what_cannot_be_is_said_and_the_study_goes_on(
    fixed: dict[str, Any], kind: type[ArchError], words: str
) -> None:
    space = tiny_space()
    study = study_of(space)
    study.enqueue_trial(fixed)
    with pytest.raises(kind) as caught:
        study.optimize(worth(space), n_trials=1)
    assert str(caught.value) == words
    study.enqueue_trial(fixed)
    study.optimize(worth(space), n_trials=4, catch=(ArchError,))
    assert [trial.state.name for trial in study.trials] == ["FAIL", "FAIL", *["COMPLETE"] * 3]
    assert len(tried(space, study)) == 3


@pytest.mark.parametrize(("fixed", "kind", "words"), [*REFUSED[:2], *REFUSED[3:]])
@pytest.mark.parametrize("layers", [[], [{}]])
def test_what_a_sampler_around_it_fixes_wrongly_is_said(
    fixed: dict[str, Any], kind: type[ArchError], words: str, layers: list[dict[str, Any]]
) -> None:
    space = tiny_space()
    for several in ([fixed, *layers], [*layers, fixed]):
        study = study_of(space)
        for one in several:
            around(study, one)
        with pytest.raises(kind) as caught:
            study.optimize(worth(space), n_trials=1)
        assert str(caught.value) == words


def test_of_two_samplers_around_it_the_outer_one_says_what_is_fixed() -> None:
    space = tiny_space()
    study = study_of(space)
    for depth in (1, 3):
        around(study, {"stages.0.depth": depth, "temperature": 1.0, "adam.beta": 0.5})
    study.optimize(worth(space), n_trials=3)
    assert [member.decisions["stages.0.depth"] for member in tried(space, study)] == [3, 3, 3]


def test_a_trial_of_another_space_is_said_in_words() -> None:
    space, other = tiny_space(), tiny_space({"params.width": {"choice": [8, 24]}})
    study = study_of(space)
    with pytest.raises(SearchError, match=r"^params\.width: Optuna has other answers for it than"):
        study.optimize(worth(other), n_trials=1)
    study.optimize(worth(space), n_trials=1)


@pytest.mark.parametrize("name", NAMES)
def test_once_all_that_have_it_were_tried_that_is_said(name: str) -> None:
    space = tiny_space(SMALL)
    study = study_of(space, name)
    around(study, {"stages.0.token_mixer": "pooling"})

    def objective(trial: optuna.Trial) -> float:
        return float(space.cost(archdsl.suggest(trial, space)).params)

    with pytest.raises(SearchError) as caught:
        study.optimize(objective, n_trials=99)
    assert str(caught.value) == (
        "every architecture inside the budget with stages.0.token_mixer = pooling was tried"
    )
    assert len(tried(space, study)) == 4  # identity, pooling and two kernels in the other stage
    study.sampler = archdsl.BudgetSampler(space, BUDGET, name)
    study.optimize(objective, n_trials=space.size - 4)
    assert len(tried(space, study)) == space.size


def test_a_trial_that_is_tried_again_is_the_same() -> None:
    space = tiny_space()
    study = study_of(space)
    study.optimize(worth(space), n_trials=2)
    asked = study.ask()
    _ = asked.relative_params
    some = asked.suggest_categorical("params.width", (8, 16))
    lost = study.tell(asked, state=TrialState.FAIL)
    study.add_trial(  # as Optuna's RetryHeartbeatStaleTrialCallback does
        create_trial(
            state=TrialState.WAITING, params=lost.params, distributions=lost.distributions,
            system_attrs=lost.system_attrs,
        )
    )  # fmt: skip
    again = study.ask()
    member = archdsl.suggest(again, space)
    assert member.decisions["params.width"] == some
    assert member.decisions == lost.system_attrs["archdsl:proposed"]
    study.tell(again, 1.0)
    study.optimize(worth(space), n_trials=6)
    tried(space, study)


def test_a_second_handle_of_a_trial_has_the_same_member() -> None:
    space = tiny_space()
    study = study_of(space)
    asked = study.ask()
    one = archdsl.suggest(asked, space)
    other = optuna.Trial(study, asked._trial_id)
    assert other.relative_params == asked.relative_params
    assert archdsl.suggest(other, space) == one


def test_an_objective_that_asks_for_every_decision_by_itself_gets_members() -> None:
    space = tiny_space()
    study = study_of(space, "tpe")
    study.enqueue_trial({"params.width": 16})
    names = dict(study.sampler.infer_relative_search_space(study, None))

    def objective(trial: optuna.Trial) -> float:
        taken = trial.relative_params
        for name, known in names.items():
            trial._suggest(name, known)
        assert taken.items() <= trial.params.items()
        return float(trial.params["stages.1.depth"])

    study.optimize(objective, n_trials=16)
    found = []
    for trial in study.trials:
        assert trial.params.keys() == names.keys()
        found.append(space.member(trial.system_attrs["archdsl:proposed"]))
    assert found[0].decisions["params.width"] == 16
    assert len({fingerprint(member.network()) for member in found}) == 16
    assert all(space.cost(member).macs <= 100_000 for member in found)


def test_what_other_samplers_are_made_to_suggest_is_no_answer_by_rounding() -> None:
    space = tiny_space()
    answers = {**space.default().decisions, "stages.0.depth": 9}
    with (
        pytest.warns(UserWarning, match="out of the range"),
        pytest.raises(SpecError, match="9 is not in its range"),
    ):
        archdsl.suggest(optuna.trial.FixedTrial(answers), space)


def test_the_objectives_own_parameters_are_fixed_by_optuna_alone() -> None:
    space = tiny_space()
    study = study_of(space)
    study.enqueue_trial({"lr": 0.25, "params.width": 16})

    def params(trial: optuna.Trial) -> float:
        archdsl.suggest(trial, space)
        return trial.suggest_float("lr", 0, 1)

    study.optimize(params, n_trials=2)
    assert study.trials[0].params["lr"] == 0.25 and study.trials[0].params["params.width"] == 16
