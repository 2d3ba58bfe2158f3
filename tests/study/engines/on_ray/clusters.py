"""A Ray cluster of three nodes on this machine, in a process of its own, and searches on it.

python -m tests.study.engines.on_ray.clusters

starts one, prints its address, and takes words from standard input: `remove` ends a node at once,
as a machine ends that loses its power; anything else ends the cluster.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from archdsl.study import search
from tests.kills.searching import context
from tests.study.conftest import tiny_space

ROOT = Path(__file__).resolve().parents[4]
NODES = 3


class Nodes:
    """A cluster that runs. address: of it"""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self._process, self.address = process, address

    def remove(self) -> None:
        """End a node at once."""
        self._say("remove")

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(word, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline().strip() == "done"


@contextmanager
def nodes() -> Iterator[Nodes]:
    """A cluster of three nodes, each with room for one job."""
    with subprocess.Popen(
        [sys.executable, "-m", __spec__.name], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RAY_DEDUP_LOGS": "0"},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "it has started"
        try:
            yield Nodes(process, address)
        finally:
            process.communicate("end\n")


def start(out: Path, settings: dict[str, Any]) -> ForkServerProcess:
    """A search in a process that can be killed."""
    process = context().Process(target=_search, args=(out, settings))
    process.start()
    return process


def _search(out: Path, settings: dict[str, Any]) -> None:
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
        space = tiny_space({"input": [1, 12, 12]}, budget={"macs": "200k"}, **settings)
        search(space, out=out, settings=space.spec.settings())


def main() -> None:
    """Start a cluster, and do as is said."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    others = [cluster.add_node(num_cpus=1) for _ in range(NODES - 1)]
    print(cluster.address, flush=True)
    for line in sys.stdin:
        if line.strip() != "remove":
            break
        cluster.remove_node(others.pop(), allow_graceful=False)
        print("done", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
