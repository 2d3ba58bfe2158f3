"""A job is plain data: whole in another process, with nothing of the driver's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from archdsl.study.engines.inline import Inline
from archdsl.study.engines.job import Job, Outcome, Over, Reported, job, outcome
from archdsl.study.engines.work import Work
from archdsl.study.record.events import Training
from archdsl.training.recipe import Recipe
from tests import started

ROOT = Path(__file__).resolve().parents[3]

ELSEWHERE = """
import json, sys
from archdsl.study.engines.job import job
from archdsl.study.engines.work import Work

done = Work()(
    job(json.load(open(sys.argv[1]))),
    begun=lambda at, step: None,
    report=lambda step, metrics: print(step),
    should_stop=lambda: False,
)
print(json.dumps(done.record()))
"""


@pytest.fixture
def training_job(tiny, tmp_path) -> Job:
    """One epoch of a small network on the digits."""
    space = tiny({"input": [1, 12, 12], "params.width": 8}, proxy={"epochs": 1})
    (tmp_path / "work").mkdir()
    return Job(
        "judge", Training(3, "search", 5, 0), space.spec.dump(), str(tmp_path),
        dict(space.default().decisions), Recipe(epochs=1).record(), "accuracy",
        str(tmp_path / "work"),
    )  # fmt: skip


def do(work: Work, one: Job) -> Outcome:
    return work(
        one, begun=lambda at, step: None, report=lambda s, m: None, should_stop=lambda: False
    )


def test_a_job_and_an_outcome_come_back_from_json(training_job) -> None:
    assert job(json.loads(json.dumps(training_job.record()))) == training_job
    done = Outcome("failed", {"loss": float("inf")}, "diverged", None, 1.0, 2.0, 1.0)
    assert outcome(json.loads(json.dumps(done.record()))) == done


def test_another_process_comes_to_the_same_outcome(training_job, tmp_path) -> None:
    here = do(Work(), training_job)
    assert here.state == "complete", here.cause
    weights = (tmp_path / "work" / "weights.safetensors").read_bytes()
    (tmp_path / "work" / "weights.safetensors").unlink()
    (tmp_path / "job.json").write_text(json.dumps(training_job.record()))
    done = subprocess.run(
        [*started.python(), "-c", ELSEWHERE, str(tmp_path / "job.json")],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    steps, said = done.stdout.strip().splitlines()
    there = outcome(json.loads(said))
    assert steps == "1"
    assert (there.state, there.metrics) == ("complete", here.metrics)
    assert (tmp_path / "work" / "weights.safetensors").read_bytes() == weights


def test_a_job_that_goes_on_from_a_checkpoint_comes_to_the_same_weights(training_job) -> None:
    from dataclasses import replace

    folder = Path(training_job.folder)
    recipe = Recipe(epochs=2)
    whole = replace(training_job, schedule=recipe.record())
    straight = do(Work(), whole)
    weights = (folder / "weights.safetensors").read_bytes()
    kept = replace(whole, checkpoint=str(folder / "checkpoint.ckpt"))
    stops: list[bool] = [True]
    work = Work()
    first = work(kept, begun=lambda at, step: None, report=lambda s, m: None, should_stop=stops.pop)
    assert first.state == "cancelled" and (folder / "checkpoint.ckpt").exists()
    steps: list[float] = []
    begun: list[float | None] = []
    second = work(
        replace(kept, step=1), begun=lambda at, step: begun.append(step),
        report=lambda step, m: steps.append(step), should_stop=lambda: False,
    )  # fmt: skip
    assert begun == [1]
    assert steps == [2]
    assert second.metrics == straight.metrics
    assert (folder / "weights.safetensors").read_bytes() == weights


def test_a_job_that_is_put_aside_goes_on_to_the_same_weights(training_job) -> None:
    from dataclasses import replace

    folder, recipe = Path(training_job.folder), Recipe(epochs=3)
    whole = replace(training_job, schedule=recipe.record())
    work = Work()
    straight = do(work, whole)
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "weights.safetensors").unlink()
    kept = replace(whole, checkpoint=str(folder / "checkpoint.ckpt"))
    told: list[tuple[float | None, list[float]]] = []
    done = Outcome("failed")
    # the third is asked for less than the checkpoint has, as after a record that was cut
    for step, until in ((None, 1), (1, 2), (None, 1), (1, 2), (2, None)):
        steps: list[float] = []
        done = work(
            replace(kept, step=step, until=until),
            begun=lambda at, step, steps=steps: told.append((step, steps)),
            report=lambda step, metrics, steps=steps: steps.append(step),
            should_stop=lambda: False,
        )
        assert done.state == "complete", done.cause
        assert (folder / "weights.safetensors").exists() == (until is None)
    assert told == [(None, [1]), (1, [2]), (None, [1]), (1, [2]), (2, [3])]
    assert done.metrics == straight.metrics
    assert (folder / "weights.safetensors").read_bytes() == weights


def test_what_the_listener_raises_is_no_failure_of_the_job(tiny, tmp_path) -> None:
    def evaluate(candidate: Any) -> float:
        try:
            candidate.report(1, 0.5)
        except Exception:  # what a user's own code may well do
            pytest.fail("the listener's error came through the job")
        return 0.5

    def full(event: object) -> None:
        if isinstance(event, Reported):
            raise OSError(28, "No space left on device")

    space = tiny()
    one = Job(
        "judge", Training(0, "search", 0, 0), space.spec.dump(), str(tmp_path),
        dict(space.default().decisions), None, "accuracy", str(tmp_path),
    )  # fmt: skip
    with Inline(Work(evaluate, space=space)) as engine:
        engine.submit(one)
        with pytest.raises(OSError, match="No space"):
            engine.events(full)
    heard: list[Any] = []
    with Inline(Work(evaluate, space=space)) as engine:
        engine.submit(one)
        engine.cancel(0)
        engine.events(heard.append)
        assert [type(event) for event in heard] == [Over]
        assert heard[0].outcome.state == "cancelled"
        engine.submit(one)
        engine.events(heard.append)
        assert heard[-1].outcome.state == "complete"
        engine.events(heard.append)  # nothing waits: nothing happens
        assert len(heard) == 4
