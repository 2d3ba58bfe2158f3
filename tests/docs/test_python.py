"""The page on Python is right, and has every public name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import archdsl
from archdsl.compiler.backbone import Backbone
from archdsl.compiler.builder import Built
from tests.docs.page import Fence, Page

PAGE = Page("python.md")
WORDS = set(re.findall(r"\w+", PAGE.text))

HELD = (
    archdsl.Space, archdsl.Spec, archdsl.Cost, archdsl.Result, archdsl.Trial, archdsl.Candidate,
    archdsl.ProxyCheck, archdsl.Benchmark, archdsl.Evaluation, archdsl.Drawing, archdsl.Changes,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the specs of the page, as the working directory."""
    PAGE.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.mark.parametrize("fence", PAGE.of("yaml"), ids=lambda fence: fence.name)
def test_a_spec_of_the_page_loads(fence: Fence, folder: Path) -> None:
    assert archdsl.load(f"./{fence.file}").name == fence.name


def test_the_python_of_the_page_gives_what_it_shows(folder: Path) -> None:
    assert PAGE.run_python() == 0


def test_the_table_of_pandas_that_the_page_shows_is_made(folder: Path) -> None:
    pytest.importorskip("pandas")
    result = archdsl.search("./six.yaml", lambda c: c.cost.macs, listener=None)
    (fence,) = PAGE.of("python")
    exec(compile(fence.text, "python.md", "exec"), {"result": result})


def test_the_page_has_every_public_name() -> None:
    assert set(archdsl.__all__) <= WORDS


@pytest.mark.parametrize("held", HELD, ids=lambda held: held.__name__)
def test_the_page_has_every_public_name_of_what_a_user_holds(held: type) -> None:
    fields = getattr(held, "__dataclass_fields__", {})
    own = {name for name in (*vars(held), *fields) if not name.startswith("_")}
    assert len(own) >= 6
    assert own - WORDS == set()


@pytest.mark.parametrize(
    "verb",
    [
        archdsl.load,
        archdsl.build,
        archdsl.search,
        archdsl.train,
        archdsl.export,
        archdsl.Space.sample,
    ],
    ids=lambda verb: verb.__name__,
)
def test_the_page_has_every_argument_of_a_verb(verb: object) -> None:
    given = {
        name for name, one in inspect.signature(verb).parameters.items()  # type: ignore[arg-type]
        if one.kind is not one.VAR_KEYWORD and name not in ("x", "self")
    }  # fmt: skip
    assert given - WORDS == set()


def test_the_page_has_what_models_say_of_themselves() -> None:
    own = {name for name in vars(Built) if not name.startswith("_")}
    assert own | {"network", "metadata", "features", "feature_info"} <= WORDS
    assert {"features", "feature_info"} <= set(
        re.findall(r"\w+", inspect.getsource(Backbone.__init__))
    )


def test_the_page_has_every_public_name_of_the_modules_that_it_speaks_of() -> None:
    public = {name for name, one in vars(archdsl.data).items() if isinstance(one, type)}
    assert public <= WORDS
    errors = {name for name, one in vars(archdsl.errors).items() if _is_error(one)}
    assert errors <= WORDS


def _is_error(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, archdsl.errors.ArchError)


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.text)) <= anchors
