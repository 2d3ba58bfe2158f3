"""What the objects that a user holds look like in an interpreter and in a notebook."""

from __future__ import annotations

import dataclasses
import re
import sys
from html.parser import HTMLParser
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study.trial import Trial
from archdsl.training.recipe import Recipe

EVIL = "<img src=x onerror=alert(1)>\x1b[31m&"

SPEC: dict[str, Any] = {
    "archdsl": 1, "name": "tiny", "input": [1, 8, 8], "classes": 2, "head": "linear",
    "stem": {"type": "conv", "kernel": 3},
    "block": {
        "token_mixer": {
            "choice": ["pooling", {"type": "depthwise", "kernel": {"choice": [3, 5]}}],
        },
        "channel_mixer": "mlp",
    },
    "stages": [{"dim": {"choice": [4, 8]}, "depth": 1}],
}  # fmt: skip


def judge(candidate: archdsl.Candidate) -> dict[str, float]:
    if candidate.number == 1:
        raise ValueError(EVIL)
    return {"accuracy": candidate.number / 8, "macs": 1.0}


@pytest.fixture(scope="module")
def result() -> Any:
    return archdsl.search(SPEC, judge, trials=6, sampler="grid", listener=None)


def test_reprs_are_one_short_line_each(result):
    space = archdsl.space(SPEC)
    best, failed = result.best, next(trial for trial in result.trials if trial.state == "failed")
    assert repr(space.spec) == "<Spec tiny: 1×8×8 → 2 classes, a space with 3 holes>"
    assert repr(space.default()) == "<Spec tiny: 1×8×8 → 2 classes>"
    assert repr(space) == "<Space tiny: 6 architectures, 3 decisions>"
    assert repr(archdsl.space("poolformer_s12")) == (
        "<Space poolformer_s12: 1 architecture, 0 decisions>"
    )
    assert repr(archdsl.count("poolformer_s12")) == (
        "Cost(macs=1_812_267_008, params=11_915_176, train_params=11_915_176, activations=401_408)"
    )
    value = f"{best.metrics['accuracy']:.4g}"
    assert repr(result) == f"<Result: 6 trials, the best is {best.number} with accuracy {value}>"
    assert repr(best).startswith(f"<Trial {best.number}: complete, accuracy {value}, ")
    assert repr(failed).startswith(f"<Trial {failed.number}: failed: ")
    for one in (result, best, failed, space, space.spec):
        assert repr(one).isprintable() and len(repr(one)) < 200


def test_a_candidate_and_a_recipe_have_short_reprs():
    seen: list[str] = []

    def judge(candidate: archdsl.Candidate) -> float:
        seen.append(repr(candidate))
        return 0.5

    archdsl.search(SPEC, judge, trials=1, listener=None)
    assert seen == ["<Candidate 0 of tiny, 2 answers>"]
    assert repr(Recipe()) == "Recipe()"
    changed = Recipe(epochs=3, lr=0.1, clip_norm=None)
    assert repr(changed) == "Recipe(epochs=3, lr=0.1, clip_norm=None)"
    assert eval(repr(changed)) == changed


def test_a_spec_whose_answers_were_broken_has_a_repr_all_the_same():
    member = archdsl.space(SPEC).default()
    member.decisions["stages.0.dim"] = 5
    assert repr(member) == "<Spec tiny>"
    assert "<strong>Spec tiny</strong>" in member._repr_html_()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_their_html_is_escaped_balanced_short_and_without_colours(result):
    space = archdsl.space("digits")
    failed = next(trial for trial in result.trials if trial.state == "failed")
    for one in (
        space, space.spec, space.cost(space.default()), archdsl.count("poolformer_s12"),
        archdsl.load("caformer_b36"), result, result.best, failed,
        dataclasses.replace(result, message=EVIL, notes=(EVIL,)),
        dataclasses.replace(result, best=None, trials=(), front=()),
    ):  # fmt: skip
        html = one._repr_html_()
        tags = Tags()
        tags.feed(html)
        assert tags.open == []
        assert tags.seen <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
        assert {name for name, _ in tags.attributes} <= {"style", "class"}
        assert not re.search(r"color|background|#[0-9a-f]{3}", html)
        assert html.count("<tr>") <= 40
        assert "\x1b" not in html


def test_html_says_what_it_leaves_out():
    assert "and 7 more decisions" in archdsl.space("digits")._repr_html_()
    assert "more" not in archdsl.space(SPEC)._repr_html_()


def test_html_of_a_cost_measures_nothing(monkeypatch):
    space = archdsl.space("digits")
    cost = space.cost(space.default())
    monkeypatch.setattr("archdsl.cost.table.layer_cost", None)
    assert "stages.0" not in cost._repr_html_()
    monkeypatch.undo()
    assert set(cost.by_address) and "stages.0" in cost._repr_html_()


def test_a_result_becomes_a_table_of_pandas(result):
    pandas = pytest.importorskip("pandas")
    table = result.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.index) == [trial.number for trial in result.trials]
    assert table["macs"].tolist() == [trial.costs["macs"] for trial in result.trials]
    assert table["state"].tolist() == [trial.state for trial in result.trials]
    assert table.loc[result.best.number, "accuracy"] == result.best.metrics["accuracy"]
    done = [trial for trial in result.trials if trial.state == "complete"]
    assert table.loc[[t.number for t in done], "metric.macs"].tolist() == [1.0] * len(done)
    (name,) = [name for name in table.columns if name.endswith(".kernel")]
    assert {type(value) for value in table[name]} == {int, type(None)}
    none = dataclasses.replace(result, trials=(), best=None, front=()).to_pandas()
    assert len(none) == 0 and list(none.columns) == ["state", "origin", "seconds", "cause"]


@pytest.mark.parametrize("broken", [None, "pandas.core"])
def test_without_pandas_it_says_so_with_the_command(result, monkeypatch, broken):
    class Missing:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "pandas":
                raise ModuleNotFoundError(
                    f"No module named {broken or name!r}", name=broken or name
                )

    for name in [name for name in sys.modules if name.partition(".")[0] == "pandas"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])
    with pytest.raises(SearchError) as caught:
        result.to_pandas()
    why = "cannot be imported: No module named 'pandas.core'" if broken else "is not installed"
    assert str(caught.value) == (
        f"to_pandas needs pandas, which {why}.  pip install pandas, or take the trials as plain "
        "values:  [trial.record() for trial in result.trials]"
    )


def test_a_trial_of_a_record_without_its_space_is_shown(result):
    alone: Trial = dataclasses.replace(result.best, space=None)
    assert repr(alone) == repr(result.best)
    assert alone._repr_html_() == result.best._repr_html_()
