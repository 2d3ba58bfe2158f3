"""What follows from a result waits for the disk, and results that come in together wait once."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any, Self

import pytest

from archdsl.errors import SearchError
from archdsl.study import events
from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, Job, Outcome, Over


class Together:
    """An engine whose jobs end several at a time: as many as are drawn, from 1 to all."""

    threads: int | None = None

    def __init__(self, capacity: int, seed: int, disk: Disk) -> None:
        self.capacity, self.rounds = capacity, 0
        self._draws, self._disk = random.Random(seed), disk
        self._jobs: list[Job] = []

    def submit(self, job: Job) -> None:
        assert self._disk.durable() == self._disk.recorded(), "it may follow from any of them"
        self._jobs.append(job)

    def events(self, hear: Hear) -> None:
        self.rounds += 1
        for job in self._draws.sample(self._jobs, self._draws.randint(1, len(self._jobs))):
            self._jobs.remove(job)
            hear(Begun(job, 1.0))
            hear(Over(job, Outcome("complete", {"accuracy": self._draws.random()})))

    def cancel(self, trial: int) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *given: object) -> None:
        pass


class Disk:
    """Which trials of a run are over in its record, and in as much of it as outlives a power cut.

    waits: for the record
    """

    def __init__(self, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.out, self.waits, self._safe = out, 0, 0
        original = os.fsync

        def fsync(handle: int) -> None:
            original(handle)
            record = out / "record.jsonl"
            if record.exists() and os.path.samestat(os.fstat(handle), record.stat()):
                self.waits += 1
                self._safe = os.fstat(handle).st_size

        monkeypatch.setattr(os, "fsync", fsync)

    def recorded(self) -> set[int]:
        return self._over((self.out / "record.jsonl").read_bytes())

    def durable(self) -> set[int]:
        return self._over((self.out / "record.jsonl").read_bytes()[: self._safe])

    def listed(self) -> set[int]:
        lines = (self.out / "trials.jsonl").read_bytes().splitlines()
        return {json.loads(line)["number"] for line in lines}

    @staticmethod
    def _over(content: bytes) -> set[int]:
        lines = [json.loads(line) for line in content.splitlines()]
        return {line["trial"] for line in lines if line["event"] == "finished"}


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_done_that_follows_from_a_result_before_it_is_durable(
    tiny, run, tmp_path, monkeypatch, seed
) -> None:
    out = tmp_path / "run"
    disk = Disk(out, monkeypatch)
    told: list[int] = []

    def listen(event: Any) -> None:
        if isinstance(event, events.TrialFinished):
            told.append(event.trial.number)
            assert event.trial.number in disk.durable()
        if isinstance(event, events.TrialStarted):
            assert disk.listed() <= disk.durable()

    engine = Together(5, seed, disk)
    run(tiny(trials=20, sampler="tpe"), out, engine=engine, listener=listen)
    assert sorted(told) == list(range(20))
    assert disk.durable() == disk.recorded() == disk.listed() == set(range(20))


def test_results_that_come_in_together_wait_for_the_disk_once(
    tiny, run, tmp_path, monkeypatch
) -> None:
    disk = Disk(tmp_path / "run", monkeypatch)
    engine = Together(5, 0, disk)
    run(tiny(trials=20, sampler="random"), tmp_path / "run", engine=engine)
    assert disk.waits == engine.rounds < 20


def test_a_search_that_is_broken_off_keeps_what_came_in(tiny, run, tmp_path, monkeypatch) -> None:
    disk = Disk(tmp_path / "run", monkeypatch)

    class Breaks(Together):
        def events(self, hear: Hear) -> None:
            super().events(hear)
            if self.rounds == 3:
                raise KeyboardInterrupt

    result = run(tiny(trials=20, sampler="random"), tmp_path / "run", engine=Breaks(5, 0, disk))
    assert result.interrupted and len(result.trials) > 3
    assert {t.number for t in result.trials} == disk.durable() == disk.listed()


def test_a_disk_that_cannot_be_waited_for_ends_the_search_in_words(
    tiny, run, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "run"
    engine = Together(5, 0, Disk(out, monkeypatch))
    original = os.fsync

    def fsync(handle: int) -> None:
        if engine.rounds:
            raise OSError(5, "Input/output error")
        original(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SearchError, match=r"record.jsonl cannot be written: Input/output error"):
        run(tiny(trials=20, sampler="random"), out, engine=engine)
    monkeypatch.undo()
    rest = run(tiny(trials=20, sampler="random"), out)
    assert [trial.number for trial in rest.trials] == list(range(20))
