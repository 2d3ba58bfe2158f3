"""Trainings that ran on other machines than the search did: on record, and in the report."""

from __future__ import annotations

from pathlib import Path

from archdsl.study.engines.job import Begun
from archdsl.study.identity import setup
from archdsl.study.phases.phase import of_progress
from archdsl.study.record.events import Running, Session
from archdsl.study.record.state import fold
from archdsl.study.report.machines import elsewhere
from tests.study.engines.test_mirrored import job_in
from tests.study.replay.test_trainings import BEGINS, key, proposed

JOB = job_in(Path("run"))


def test_what_is_another_there_is_on_record_and_what_is_the_same_is_not() -> None:
    here = dict(setup.basis())
    (begun,) = of_progress(Begun(JOB, 1.0, None, here))
    assert begun == Running(JOB.training, None, 1.0)
    there = {**here, "torch": "9.9", "device": "NVIDIA H100"}
    (begun,) = of_progress(Begun(JOB, 1.0, None, there, "10.0.0.3"))
    assert begun == Running(
        JOB.training, None, 1.0, node="10.0.0.3", there={"torch": "9.9", "device": "NVIDIA H100"}
    )


def test_the_report_counts_trainings_by_what_is_another() -> None:
    ran = [
        (0, "10.0.0.2", None), (1, "10.0.0.3", {"torch": "9.9", "device": "A100"}), (2, None, None),
        (3, "10.0.0.4", {"torch": "9.9", "device": "A100"}), (4, "10.0.0.2", None),
    ]  # fmt: skip
    begun = [proposed(number) for number, *_ in ran]
    running = [
        Running(key(number), None, 1.0, node=node, there=there) for number, node, there in ran
    ]
    again = [Session("", 5, {}, {}), Running(key(1), 3.0, 2.0, there={"device": "A100"})]
    assert elsewhere(fold([*BEGINS, *begun, *running, *again])) == [
        [
            "2 trainings on 1 node (10.0.0.2)",
            "2 trainings on 2 nodes (10.0.0.3, 10.0.0.4): torch 9.9, device A100",
        ],
        ["1 training: device A100"],
    ]
