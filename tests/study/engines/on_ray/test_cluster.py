"""Which cluster is joined: one that does not answer is said in seconds."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study.engines.ray import cluster

ray = pytest.importorskip("ray")


def closed() -> str:
    """An address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def refused(address: str) -> str:
    with pytest.raises(SearchError) as caught:
        cluster.join(address)
    return str(caught.value)


def test_an_address_at_which_nothing_listens_is_said_at_once() -> None:
    address = closed()
    said = refused(address)
    assert said.startswith(f"search.engine: no Ray cluster at {address} can be joined (")
    assert "Connection refused).  start one with  ray start --head, or drop the address" in said


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:port", "http://127.0.0.1:1"])
def test_what_is_no_address_is_said(address) -> None:
    assert refused(address).startswith(f"search.engine: no Ray cluster at {address} can be joined")


def test_a_cluster_that_is_gone_is_not_waited_for(monkeypatch) -> None:
    """It leaves its address on the machine, where one was ended from outside."""
    from ray._private import services

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(services, "get_ray_address_from_environment", lambda *given: closed())
    assert cluster._answering(None) == "local", "one of its own"
    with pytest.raises(SearchError, match="no Ray cluster of this machine can be joined"):
        cluster.join("auto")
    monkeypatch.setenv("RAY_ADDRESS", closed())
    with pytest.raises(SearchError, match="no Ray cluster of this machine can be joined"):
        cluster.join(None)


def test_one_that_answers_is_joined_as_it_is_named() -> None:
    with socket.create_server(("", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert cluster._answering(address) == address
    assert cluster._answering("local") == "local"


def test_sigterm_while_a_cluster_is_joined_ends_in_order(monkeypatch) -> None:
    def init(**given: Any) -> None:
        signal.signal(signal.SIGTERM, lambda *given: exit(15))  # as Ray's does
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(KeyboardInterrupt):
        cluster.join("local")
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_job_that_no_node_has_room_for_is_said_in_cores_and_gpus(monkeypatch) -> None:
    node = {"Alive": True, "NodeManagerAddress": "10.0.0.3", "Resources": {"CPU": 2.0}}
    monkeypatch.setattr(ray, "nodes", lambda: [node])
    for gpus, said in ((0, "1,000 cores, and"), (1, "and 1 GPU, and"), (0.25, "and 0.25 of a GPU")):
        with pytest.raises(SearchError, match=said):
            cluster.refuse_without_room(1000, gpus, 1)
    assert cluster.refuse_without_room(1, 0, 2) is None
