"""Checkpoints of several drivers: bounded while they search, gone at the end, in one folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.candidate import CHECKPOINT
from archdsl.study.identity.setup import setup
from archdsl.study.record.events import Created
from archdsl.study.record.folder import opened, read_state
from archdsl.study.record.reading import Reading
from tests.study.conftest import tiny_space
from tests.study.database.drivers import start, until

BOUND, LARGEST = 1_000_000, 400_000


def settings(tmp_path: Path, **given: Any) -> dict[str, Any]:
    proxy = {"epochs": 9, "steps_per_epoch": 2, "warmup": 0}
    found = {"trials": 18, "budget": {"macs": "400k"}, "proxy": proxy, "disk": BOUND,
             "prune": {"type": "asha", "rungs": [2]}, "sampler": "random",
             "shared": f"file://{tmp_path}/shared"}  # fmt: skip
    return {**found, **given}


def sizes(folder: Path) -> list[int]:
    """Of the checkpoints of trials in a folder, those of branches left out."""
    found = []
    for path in folder.glob(f"trials/*/{CHECKPOINT}"):
        try:
            found.append(path.stat().st_size)
        except OSError:  # it went meanwhile
            continue
    return found


@pytest.mark.slow
def test_what_several_drivers_keep_is_bounded_and_gone_at_the_end(storage, tmp_path) -> None:
    drivers = [start(storage, tmp_path, name, trains=True, **settings(tmp_path)) for name in "ab"]
    held = Counter[str]()

    def over() -> bool:
        for name in ("a", "b", "shared"):
            found = sizes(tmp_path / name)
            assert max(found, default=0) <= LARGEST
            held[name] = max(held[name], sum(found))
        return not any(one.is_alive() for one in drivers)

    until(over)
    assert [one.exitcode for one in drivers] == [0, 0]
    # of each driver the one that it trains, and the one that was put aside just now
    assert all(most <= BOUND + 2 * len(drivers) * LARGEST for most in held.values()), held
    # one of the drivers may be done before the other has begun
    assert held["shared"] and held["a"] + held["b"], held
    for name in ("a", "b", "shared"):
        assert not list((tmp_path / name).rglob(CHECKPOINT)), name
    state = read_state(tmp_path / "a")
    assert state is not None and len(state.judged()) == 18
    for training, reports in state.trainings.items():
        steps = [one["step"] for one in reports]
        assert steps == [*range(steps[0], steps[-1] + 1)], training
        assert training.branch or steps[0] == 1, training


class Copies:
    """Where other machines reach it each checkpoint takes so many bytes."""

    asked = 0

    def has(self, path: Path) -> bool:
        return True

    def get(self, path: Path) -> bool:
        return False

    def size(self, path: Path) -> int:
        self.asked += 1
        return 1000

    def drop(self, folder: Path, keep: Any = ()) -> None:
        """Nothing is there."""


def test_what_others_put_aside_counts_and_is_asked_for_once(tmp_path) -> None:
    """Who decides what is next asks for all of them, and keeps the others waiting."""
    space = tiny_space({"input": [1, 12, 12]})
    created = Created("tiny", space.spec.dump(), setup(space, space.spec.settings(), False), {})
    with opened(Reading(tmp_path, space), tmp_path, space, created, salvage=False) as run:
        copies = run.copies = Copies()
        for number in range(3):
            path = run.begin_trial(number) / CHECKPOINT
            assert [run.checkpoint_size(number) for _ in range(4)] == [1000] * 4
            path.write_bytes(b"x" * 7)
            assert run.checkpoint_size(number) == 7, "what lies here is not counted twice"
        assert copies.asked == 3
        run.end_trial(1, weights=False)
        assert [run.checkpoint_size(number) for number in range(3)] == [7, 0, 7]


@pytest.mark.slow
def test_another_shared_folder_than_that_of_the_study(storage, tmp_path) -> None:
    few = {"trials": 2, "prune": None, "disk": None}
    first = start(storage, tmp_path, "first", trains=True, **settings(tmp_path, **few))
    first.join()
    more = settings(tmp_path, **{**few, "trials": 3})

    def joined(shared: Path) -> None:
        given = {**more, "shared": f"file://{shared}"}
        space = tiny_space({"input": [1, 12, 12]}, storage=storage, **given)
        search(space, out=tmp_path / "other", settings=space.spec.settings())

    with pytest.raises(SearchError, match=r"/there holds nothing of this search, whose files are "
                       rf"in file://{tmp_path}/shared\.  name that folder, as this"):  # fmt: skip
        joined(tmp_path / "there")
    (tmp_path / "mounted").symlink_to(tmp_path / "shared")  # the same by another path
    joined(tmp_path / "mounted")
    assert (tmp_path / "other" / "best.safetensors").is_file()
