"""A database server for the tests of this folder, which skip themselves where there is none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.postgres import Server, programs
from tests.study.database.drivers import LEASE

_names = itertools.count()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    made = Server.new()
    yield made
    made.close()


@pytest.fixture
def storage(server: Server) -> dict[str, Any]:
    """The setting `search.storage` of a study of the test's own."""
    return {"url": server.url(), "study": f"study_{next(_names)}", "lease": f"{LEASE}s"}
