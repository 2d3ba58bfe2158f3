"""The final round: who is in it, what it leads to, and that it is gone on with."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import Candidate, events
from archdsl.study.record.folder import read_state
from archdsl.study.status import status
from tests.study.conftest import judged


def noisy(candidate: Candidate) -> float:
    """As `judged`, and a little that the seed makes of it; a baseline is worth little."""
    if candidate.number is None:
        return 0.1 + 1e-3 * candidate.seed
    return judged(candidate) + 1e-3 * ((candidate.seed * 7 + candidate.number) % 5)


FINAL = {"keep": 3, "seeds": 3}


def test_it_trains_the_best_the_default_and_the_best_at_random(tiny, run, tmp_path) -> None:
    result = run(tiny(trials=14, final=FINAL), tmp_path / "run", evaluate=noisy)
    final = read_state(tmp_path / "run").rounds.last
    roles = Counter(role for one in final.entrants for role in one.roles)
    assert roles == {"kept": 3, "default": 1, "random": 1}
    assert len({one.network for one in final.entrants}) == len(final.entrants)
    assert final.done and len(final.over) == 3 * len(final.entrants)
    assert {training.seed for training in final.over} == {1, 2, 3}, "none of the trials' own"
    assert result.best.number in {one.trial for one in final.entrants}


def test_the_winner_is_the_best_mean_and_its_weights_those_of_its_best_seed(
    tiny, run, tmp_path
) -> None:
    def flattered(candidate: Candidate) -> float:
        own = judged(candidate)
        return own + 0.8 if candidate.seed == 0 and candidate.number == 3 else own

    def leaves(candidate: Candidate) -> float:
        (candidate.folder / "weights.safetensors").write_text(str(candidate.seed))
        return flattered(candidate) + 1e-3 * (candidate.seed == 2)

    out = tmp_path / "run"
    result = run(tiny(trials=12, final=FINAL), out, evaluate=leaves)
    assert result.best.number == 3
    means = {arm.name: arm.mean for arm in result.verdict.arms}
    assert max(means.values()) == pytest.approx(means[result.verdict.winner.name])
    assert result.winner.trial.number != 3
    assert result.winner.training.seed == 2
    assert (out / "best.safetensors").read_text() == "2"
    assert result.winner.trial.text in (out / "best.yaml").read_text()


def test_after_an_evaluate_it_is_there_only_where_it_is_asked_for(tiny, run) -> None:
    from archdsl.language.settings import FinalSettings, SearchSettings

    assert SearchSettings().final == FinalSettings(keep=5, seeds=3, epochs=None, asked=False)
    space = tiny(trials=3)
    settings = space.spec.settings()
    assert settings.final is None
    assert run(space).verdict is None
    assert run(tiny(trials=3, final={"seeds": 2})).verdict is not None


def test_what_does_not_vary_has_no_interval_and_is_not_told_apart(tiny, run) -> None:
    verdict = run(tiny(trials=12, final=FINAL)).verdict
    assert not verdict.distinguishable
    assert all(one.interval is None for one in verdict.differences)
    assert "and no run of either varied" in verdict.sentence()


def test_what_is_far_better_is_told_apart(tiny, run) -> None:
    result = run(tiny(trials=14, final=FINAL), evaluate=noisy)
    against = {one.other: one for one in result.verdict.differences}
    assert against["the default"].distinguishable and against["the default"].gap > 0.1
    assert result.verdict.split == "val", "an evaluate has no test split"
    assert result.verdict.sentence().startswith(f"The winner is {result.verdict.winner.name}, ")


def test_where_the_default_wins_the_sentence_says_so(tiny, run) -> None:
    result = run(tiny(trials=12, final=FINAL), evaluate=lambda c: 0.9 - 0.1 * (c.number > 0))
    assert result.verdict.sentence().startswith("The winner is the default, with accuracy 0.9")


def test_it_is_gone_on_with_where_it_was_broken_off(tiny, run, tmp_path) -> None:
    def broken_off(after: int) -> Any:
        calls = []

        def evaluate(candidate: Candidate) -> float:
            calls.append(candidate.seed)
            if len(calls) == after:
                raise KeyboardInterrupt
            return noisy(candidate)

        return evaluate

    space = tiny(trials=6, final=FINAL)
    whole = run(space, tmp_path / "whole", evaluate=noisy)
    for after in (3, 7, 9, 14):
        out = tmp_path / str(after)
        assert run(space, out, evaluate=broken_off(after)).interrupted
        again = run(space, out, evaluate=noisy)
        assert again.verdict.record() == whole.verdict.record()
        assert again.winner.trial.number == whole.winner.trial.number
    state = read_state(tmp_path / "14")
    assert len(state.rounds.all) == 1 and state.rounds.last.done


def test_a_status_says_how_far_it_is_and_what_it_found(tiny, run, tmp_path) -> None:
    calls: list[int] = []

    def broken_off(candidate: Candidate) -> float:
        calls.append(candidate.seed)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return noisy(candidate)

    space = tiny(trials=4, final={"keep": 1, "seeds": 2})
    run(space, tmp_path / "run", evaluate=broken_off)
    here = status(tmp_path / "run")
    assert here.words() == (
        "4 of 4 trials, 2 of 4 trainings of the final round; nobody is searching, and the same "
        "command goes on"
    )
    assert here.verdict is None
    result = run(space, tmp_path / "run", evaluate=noisy)
    here = status(tmp_path / "run")
    assert here.words() == "4 of 4 trials, done"
    assert here.verdict == result.verdict.sentence()
    assert here.record()["final"] == {"done": 4, "trainings": 4}


def test_more_trials_lead_to_a_new_round_and_the_same_command_to_none(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    first = run(tiny(trials=4, final=FINAL), out, evaluate=noisy)
    run(tiny(trials=4, final=FINAL), out, evaluate=noisy)
    assert len(read_state(out).rounds.all) == 1
    second = run(tiny(trials=8, final=FINAL), out, evaluate=noisy)
    state = read_state(out)
    assert [one.begun.trials for one in state.rounds.all] == [4, 8]
    assert second.trials[:4] == first.trials


def test_another_round_may_be_asked_for_later(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    assert run(tiny(trials=4), out, evaluate=noisy).verdict is None
    assert run(tiny(trials=4, final={"seeds": 2}), out, evaluate=noisy).verdict.seeds == 2
    assert run(tiny(trials=4, final={"seeds": 4}), out, evaluate=noisy).verdict.seeds == 4
    assert len(read_state(out).rounds.all) == 2


def test_a_network_whose_training_fails_cannot_win_and_is_named(tiny, run) -> None:
    def fails(candidate: Candidate) -> float:
        if candidate.number == 0 and candidate.seed == 2:
            raise ValueError("no")
        return noisy(candidate)

    result = run(tiny(trials=8, final=FINAL), evaluate=fails)
    assert result.verdict.failed == ("the default",)
    assert "the default was not compared, as a training of it failed" in result.verdict.sentence()
    assert result.winner.trial.number != 0


def test_its_listener_hears_how_far_it_is(tiny, run) -> None:
    heard: list[events.Event] = []
    run(tiny(trials=4, final={"keep": 2, "seeds": 2}), evaluate=noisy, listener=heard.append)
    rounds = [one for one in heard if isinstance(one, events.RoundProgress)]
    assert [one.done for one in rounds] == list(range(rounds[0].total + 1))
    assert rounds[0].last is None and all(one.last is not None for one in rounds[1:])


BASELINE = """\
archdsl: 1
name: plain

input: [1, 8, 8]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
block: {norm: layer_norm, token_mixer: pooling, channel_mixer: {type: mlp, ratio: 1}}
stages:
  - {dim: 8, depth: 1}
  - {dim: 16, depth: 1}
head: linear
"""


@pytest.fixture
def baseline(tmp_path):
    def written(text: str = BASELINE, name: str = "plain.yaml") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return written


def test_a_baseline_is_trained_beside_them_and_compared(tiny, run, baseline) -> None:
    def evaluate(candidate: Candidate) -> float:
        return 0.1 if not candidate.decisions else noisy(candidate)

    space = tiny(trials=6, final=FINAL, baselines=[baseline()])
    result = run(space, evaluate=evaluate)
    assert {"plain"} < {arm.name for arm in result.verdict.arms}
    assert "plain" in {one.other for one in result.verdict.differences}


def test_a_baseline_is_set_to_the_input_and_the_classes_of_the_space(tiny, run, baseline) -> None:
    seen: list[Any] = []

    def evaluate(candidate: Candidate) -> float:
        if not candidate.decisions:
            seen.append(candidate.spec.network())
            return 0.1
        return noisy(candidate)

    text = BASELINE.replace("[1, 8, 8]", "[3, 32, 32]").replace("classes: 10", "classes: 1000")
    run(tiny(trials=3, final={"seeds": 2}, baselines=[baseline(text)]), evaluate=evaluate)
    assert [(one.input, one.classes) for one in seen] == [((1, 8, 8), 10)] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dim: 16", "dim: {choice: [16, 32]}"), "is a space, and a baseline has nothing left"),
        (
            ("dim: 16", "dim: 1024"),
            r"has 8,696,960 macs, and the budget is {macs: 200000}\.  write a smaller one",
        ),
        (("kernel: 3, stride: 2}\nblock", "kernel: 9, padding: 0}\nblock"), "does not fit: "),
    ],
)
def test_one_that_does_not_fit_is_refused_before_the_first_trial(
    tiny, run, baseline, change, said
) -> None:
    calls: list[int] = []
    space = tiny(
        trials=3, final=FINAL, budget={"macs": "200k"},
        baselines=[baseline(BASELINE.replace(*change))],
    )  # fmt: skip
    with pytest.raises(SearchError, match=said):
        run(space, evaluate=lambda candidate: calls.append(1) or 0.5)
    assert calls == []
    good = tiny(trials=3, final=FINAL, budget={"macs": "200k"}, baselines=[baseline()])
    assert run(good, evaluate=noisy).verdict is not None


def test_an_unknown_baseline_is_refused_with_what_is_near(tiny, run) -> None:
    with pytest.raises(
        SearchError, match=r"no shipped spec is called 'poolformer_s13'\n  did you mean"
    ):
        run(tiny(trials=3, final=FINAL, baselines=["poolformer_s13"]))


def test_of_two_objectives_a_few_of_the_front_leave_as_files(tiny, run, tmp_path) -> None:
    out = tmp_path / "run"
    space = tiny(trials=16, final={"keep": 3, "seeds": 2}, maximize="accuracy", minimize="macs")
    result = run(space, out, evaluate=noisy)
    names = {path.stem for path in (out / "front").iterdir()}
    assert names == {one.stem for one in result.front_members}
    assert 1 < len(names) <= 5
    assert {path.suffix for path in (out / "front").iterdir()} == {".yaml", ".py"}
    values = [one.values for one in result.front_members]
    assert values == sorted(values, key=lambda pair: pair[0])
    assert [pair[1] for pair in values] == sorted(pair[1] for pair in values), "none dominates"


def test_of_one_objective_there_is_no_folder_of_a_front(tiny, run, tmp_path) -> None:
    run(tiny(trials=3, final=FINAL), tmp_path / "run", evaluate=noisy)
    assert not (tmp_path / "run" / "front").exists()


def test_two_baselines_with_one_file_name_are_two(tiny, run, baseline, tmp_path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    paths = [baseline(name="x/mine.yaml"), baseline(BASELINE.replace("16", "24"), "y/mine.yaml")]
    result = run(tiny(trials=3, final={"keep": 1, "seeds": 2}, baselines=paths), evaluate=noisy)
    assert {"mine", "mine-2"} < {arm.name for arm in result.verdict.arms}


def test_a_baseline_that_is_a_trial_is_named_beside_it(tiny, run, baseline, tmp_path) -> None:
    first = run(tiny(trials=1), tmp_path / "first")
    path = baseline(first.best.text, "same.yaml")
    space = tiny(trials=4, final={"keep": 1, "seeds": 2}, baselines=[path])
    result = run(space, evaluate=noisy)
    assert "the default (the same network as same)" in {arm.name for arm in result.verdict.arms}


def test_a_baseline_that_was_edited_leads_to_a_new_round(tiny, run, baseline, tmp_path) -> None:
    out, final = tmp_path / "run", {"keep": 1, "seeds": 2}
    for text in (BASELINE, BASELINE, BASELINE.replace("16", "24")):
        run(tiny(trials=3, final=final, baselines=[baseline(text)]), out, evaluate=noisy)
    assert len(read_state(out).rounds.all) == 2


def test_where_a_baseline_is_gone_a_round_on_record_stands(tiny, run, baseline, tmp_path) -> None:
    out, path, heard = tmp_path / "run", baseline(), []
    space = tiny(trials=3, final={"keep": 1, "seeds": 2}, baselines=[path])
    before = run(space, out, evaluate=noisy)
    (tmp_path / "plain.yaml").unlink()
    again = run(space, out, evaluate=noisy, listener=heard.append)
    assert again.verdict.record() == before.verdict.record()
    assert any("on record stands" in one.text for one in heard if isinstance(one, events.Notice))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_training_whose_figure_is_none_has_failed_and_the_search_ends(tiny, run, value) -> None:
    def evaluate(candidate: Candidate) -> float:
        return value if candidate.number == 0 and candidate.seed == 1 else noisy(candidate)

    result = run(tiny(trials=4, final={"keep": 1, "seeds": 2}), evaluate=evaluate)
    assert result.verdict.failed == ("the default",)
    assert result.notes[0].startswith("1 of 4 trainings of the final round failed: accuracy is ")


def test_a_second_metric_that_is_not_finite_is_left_out(tiny, run) -> None:
    def evaluate(candidate: Candidate) -> dict[str, float]:
        loss = math.nan if candidate.seed == 1 else 0.5
        return {"accuracy": noisy(candidate), "loss": loss}

    result = run(tiny(trials=4, final={"keep": 1, "seeds": 2}), evaluate=evaluate)
    assert [one.metric for one in result.verdicts] == ["accuracy"]


def test_a_round_that_came_to_nothing_says_so_and_an_earlier_one_counts(
    tiny, run, tmp_path
) -> None:
    def evaluate(candidate: Candidate) -> float:
        if candidate.seed and broken:
            raise ValueError("no")
        return noisy(candidate)

    out, final, broken = tmp_path / "run", {"keep": 1, "seeds": 2}, False
    first = run(tiny(trials=4, final=final), out, evaluate=evaluate)
    broken = True
    second = run(tiny(trials=8, final=final), out, evaluate=evaluate)
    assert second.winner.training == first.winner.training
    assert second.notes[0].startswith("the final round came to nothing: ")
    assert second.verdict.sentence().startswith("Of the final round after 4 trials, the last that ")
    assert "came to nothing" in (out / "report.html").read_text()


def test_a_round_of_before_does_not_count_where_none_is_asked_for_any_more(
    tiny, run, tmp_path
) -> None:
    out = tmp_path / "run"
    run(tiny(trials=3, final={"keep": 1, "seeds": 2}), out, evaluate=noisy)
    result = run(tiny(trials=14), out, evaluate=noisy)
    assert result.verdict is None
    assert result.winner.trial == result.best


def test_baselines_without_a_round_are_noted(tiny, run) -> None:
    heard: list[events.Event] = []
    run(tiny(trials=1, baselines=["poolformer_s12"]), listener=heard.append)
    assert "search.baselines: there is no final round to train them in" in str(heard)


def test_where_the_default_does_not_fit_it_is_not_called_that(tiny, run) -> None:
    space = tiny(trials=4, final={"keep": 1, "seeds": 2}, budget={"macs": [100_000, 400_000]})
    result = run(space, evaluate=noisy)
    assert not result.survey.default_fits
    assert "the member nearest to the default" in {arm.name for arm in result.verdict.arms}
