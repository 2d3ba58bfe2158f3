"""The script for SLURM, as an array of two tasks that a stand-in for `sbatch` starts."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.study.record.folder import read_state

ROOT = Path(__file__).resolve().parents[3]

SBATCH = """\
#!/usr/bin/env bash
# Starts the tasks of an array side by side: sbatch --array=0-N SCRIPT WORDS
set -u
last=${1#--array=0-}
shift
for task in $(seq 0 "$last"); do
    SLURM_ARRAY_TASK_ID=$task "$@" > "task-$task.log" 2>&1 &
done
failed=0
for job in $(jobs -p); do wait "$job" || failed=1; done
exit "$failed"
"""


@pytest.mark.slow
def test_the_tasks_of_an_array_share_a_study(server, tmp_path) -> None:
    sbatch = tmp_path / "sbatch"
    sbatch.write_text(SBATCH)
    sbatch.chmod(sbatch.stat().st_mode | stat.S_IXUSR)
    bin_of_archdsl = Path(sys.executable).parent
    done = subprocess.run(
        [str(sbatch), "--array=0-1", str(ROOT / "examples/slurm/search.sh"),
         str(ROOT / "specs/spaces/digits.yaml"), "--study", "of_an_array",
         "--set", "search.trials=6", "--set", "search.proxy.epochs=2",
         "--set", "search.final=none"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{bin_of_archdsl}:{os.environ['PATH']}",
             "ARCHDSL_STORAGE": server.url(), "ARCHDSL_SHARED": f"file://{tmp_path}/shared"},
    )  # fmt: skip
    logs = [(tmp_path / f"task-{task}.log").read_text() for task in (0, 1)]
    assert done.returncode == 0, logs
    runs = [tmp_path / "runs" / f"digits-{task}" for task in (0, 1)]
    assert (runs[0] / "record.jsonl").read_bytes() == (runs[1] / "record.jsonl").read_bytes()
    state = read_state(runs[0])
    assert state is not None and len(state.sessions) == 2
    assert [one.state for one in state.in_order()] == ["complete"] * 6
    assert all((run / "best.safetensors").is_file() for run in runs)
    found = subprocess.run(["grep", "-rl", "opensesame", "."], cwd=tmp_path, text=True,
                           capture_output=True, check=False)  # fmt: skip
    assert found.stdout == "", "the password is nowhere"
