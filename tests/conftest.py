"""What every test runs under: markers that skip themselves; registry and modules put back after."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")

# What a test run caches is its own, in this process and in those that it starts.
_cache = tempfile.TemporaryDirectory(prefix="archdsl_tests_")
os.environ["ARCHDSL_CACHE"] = _cache.name

# Nothing timed decides, and a failure is the same one on every machine and every day.
hypothesis.settings.register_profile("archdsl", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("archdsl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_unconfigure() -> None:
    _cache.cleanup()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow; runs with --slow"))
    if any(item.get_closest_marker("gpu") for item in items):
        import torch

        if not torch.cuda.is_available():
            for item in items:
                if item.get_closest_marker("gpu"):
                    item.add_marker(pytest.mark.skip(reason="no accelerator here"))


@pytest.fixture(autouse=True)
def _charts_take_no_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts are made, and only rendered where a test is marked `drawn`.

    Rendering the charts of its report takes longer than all else in a search of a test.
    """
    if request.node.get_closest_marker("drawn") is None:
        monkeypatch.setattr("archdsl.views.svg.as_svg", lambda figure: "<svg></svg>")


_of_modules: dict[str, list[tuple[str, str, Any]]] = {}
"""What a test module registered as it was collected: there for its own tests and no others."""


def pytest_collection_finish() -> None:
    registry = sys.modules.get("archdsl.components.registry")
    for kind, known in () if registry is None else registry._registered.items():
        for name, definition in list(known.items()):
            if not _is_ours(definition.cls):
                module = definition.cls.__module__
                _of_modules.setdefault(module, []).append((kind, name, known.pop(name)))


def _is_ours(cls: type) -> bool:
    return cls.__module__.startswith(("archdsl.", "torch."))


def _rules() -> dict[str, Any]:
    """The counting rules that were registered; none before they could be, which takes torch."""
    operators = sys.modules.get("archdsl.cost.operators")
    return {} if operators is None else operators._own


@pytest.fixture(autouse=True)
def _registry_put_back(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """What a test registers (a component, a cost, a rule, a form) is gone after it; ours stay."""
    from archdsl.amounts import table as costs
    from archdsl.components import registry
    from archdsl.exporters import registry as forms
    from archdsl.language import neighbours

    before = {
        kind: {name: one for name, one in known.items() if _is_ours(one.cls)}
        for kind, known in registry._registered.items()
    }  # not what a fixture of the test's module has registered: the next module has it no longer
    for kind, name, definition in _of_modules.get(request.module.__name__, ()):
        registry._registered[kind][name] = definition
    known_costs = list(costs._table)
    known_rules = dict(_rules())
    known_forms = dict(forms._registered)
    known_modules, temporary = set(sys.modules), str(tmp_path_factory.getbasetemp())
    yield
    for name in set(sys.modules) - known_modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(temporary):
            del sys.modules[name]  # a file of this test's; another's may have the same name
    costs._table[:] = known_costs
    forms._registered.clear()
    forms._registered.update(known_forms)
    if _rules() != known_rules:
        _rules().clear()
        _rules().update(known_rules)
    for kind, known in registry._registered.items():
        for name, definition in list(known.items()):
            if not _is_ours(definition.cls):
                del known[name]
        known.update(before[kind])
    neighbours._texts.clear()  # what the test imported registers itself again in the next one
