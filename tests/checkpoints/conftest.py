from __future__ import annotations

from collections.abc import Callable

import pytest

import archdsl
from tests.checkpoints.made import LITTLE


@pytest.fixture
def little() -> Callable[[str], archdsl.Spec]:
    """`little("poolformer_s12")`: the spec with few channels on small images."""
    return lambda name: archdsl.load(name, LITTLE[name])
