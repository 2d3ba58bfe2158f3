"""A Ray cluster: joined or started, and how many jobs it has room for."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from archdsl.errors import SearchError
from archdsl.units import counted

REACH = 10.0
"""Seconds in which a cluster has to answer."""


def refuse_without_ray() -> None:
    """Raise SearchError where Ray is not installed."""
    if find_spec("ray") is None:
        raise SearchError(
            "search.engine: ray is not installed.  pip install archdsl[ray]  here and on every node"
        )


def join(address: str | None) -> bool:
    """Be a driver of a cluster; whether that began here. Raises SearchError where there is none."""
    import ray

    if ray.is_initialized():
        return False
    with _handlers_kept():
        try:
            ray.init(
                address=_answering(address),
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                include_dashboard=None if address else False,
            )
        except (ConnectionError, ValueError, OSError, RuntimeError) as error:
            named = "of this machine" if address in (None, "auto") else f"at {address}"
            raise SearchError(
                f"search.engine: no Ray cluster {named} can be joined ({_first_line(error)}).  "
                "start one with  ray start --head, or drop the address for one that lasts as long "
                "as the search"
            ) from None
        except SystemExit:  # SIGTERM, while Ray handled it
            raise KeyboardInterrupt from None
    _tell_nothing(ray)
    return True


def _answering(address: str | None) -> str | None:
    """The address for Ray, which tries one at which nothing listens for ten minutes.

    Without one it is `local`, a new one, where a cluster that is gone left its own on this machine.
    Raises ConnectionError where nothing listens, and ValueError for what is no address.
    """
    from ray._private import services

    if address is not None and "://" in address:
        return address
    resolved: Any = services.canonicalize_bootstrap_address  # which takes None, too
    found = resolved(address)
    if found is None:
        return address
    host, _, port = found.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACH).close()
    except OSError as error:
        if address is None and not os.environ.get("RAY_ADDRESS"):
            return "local"
        raise ConnectionError(f"{found}: {error.strerror or error}") from None
    return address


def _tell_nothing(ray: Any) -> None:
    """Keep Ray from printing the logs of a node that is lost, in the midst of a live display.

    `log_to_driver` keeps it from those of workers alone; what becomes of a job is told anyway.
    """
    ray._private.worker._worker_logs_enabled = False


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep what SIGTERM does: it ends a search in order, and Ray would end the process."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is not before:
            signal.signal(signal.SIGTERM, before)


def gpus_of_a_job(asked: float | None, per_gpu: int) -> float:
    """The GPUs of a job, or its share of one. asked: as written; None for what follows"""
    if asked is not None:
        return asked
    return 1 / per_gpu if any(node["Resources"].get("GPU") for node in _nodes()) else 0.0


def room(cpus: int, gpus: float) -> int:
    """How many jobs the cluster has room for at once, with all of it free."""
    return sum(_room_of(node["Resources"], cpus, gpus) for node in _nodes())


def refuse_without_room(cpus: int, gpus: float, workers: int) -> str | None:
    """What is to be said of a cluster with too little room. Raises SearchError for one with none.

    cpus, gpus: of a job; workers: how many are to run at once
    """
    found = room(cpus, gpus)
    share = counted(int(gpus), "GPU") if gpus >= 1 else f"{gpus:g} of a GPU"
    job = counted(cpus, "core") + (f" and {share}" if gpus else "")
    if not found:
        raise SearchError(
            f"search.engine: a job takes {job}, and no node of the Ray cluster has that: "
            f"{_words_of_nodes()}.  write less as num_cpus and num_gpus, or start a larger node"
        )
    if found >= workers:
        return None
    return (
        f"search.workers: {workers}, and the Ray cluster has room for {counted(found, 'job')} of "
        f"{job} each: the others wait"
    )


def is_alive(node: str) -> bool:
    """Whether a node is, by its identity, as far as the cluster knows."""
    return any(one["NodeID"] == node for one in _nodes())


def _nodes() -> list[dict[str, Any]]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def _room_of(has: dict[str, float], cpus: int, gpus: float) -> int:
    by_cpu = int(has.get("CPU", 0) // cpus)
    if not gpus:
        return by_cpu
    whole = int(has.get("GPU", 0))
    by_gpu = int(whole // gpus) if gpus >= 1 else whole * int(1 / gpus + 1e-9)
    return min(by_cpu, by_gpu)


def _words_of_nodes() -> str:
    said = [
        f"{node['NodeManagerAddress']} has {counted(int(node['Resources'].get('CPU', 0)), 'core')}"
        f" and {counted(int(node['Resources'].get('GPU', 0)), 'GPU')}"
        for node in _nodes()
    ]
    return "; ".join(said[:4]) + (f"; and {len(said) - 4} more nodes" if len(said) > 4 else "")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
