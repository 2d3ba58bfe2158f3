"""A cluster of three nodes for the tests of a file, and what Ray leaves open in this process."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from tests.study.engines.on_ray.clusters import Nodes, nodes


@pytest.fixture(scope="module")
def cluster() -> Iterator[Nodes]:
    with nodes() as made:
        yield made


@pytest.fixture(autouse=True)
def _what_ray_leaves_open() -> Iterator[None]:
    """Its client leaves sockets and log files to the garbage collector."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ResourceWarning)
        yield
