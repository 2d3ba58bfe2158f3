"""A search with real training, from the data to the look at the test split."""

from __future__ import annotations

import json

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.study import search
from archdsl.study.candidate import WEIGHTS
from archdsl.training import DataSource, Recipe, evaluate, prepare


@pytest.fixture
def digits(tiny):
    from archdsl.data.digits import Digits

    info = Digits().describe(archdsl.space("poolformer_search").spec.folder)
    height, width = info.size
    patches = {
        "input": [1, height, width],
        "block.token_mixer": {"choice": ["identity", "pooling"]},
        "params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1,
        "search.proxy": {"epochs": 2, "batch": 128},
    }  # fmt: skip
    return lambda **settings: tiny(patches, **settings)


def test_a_search_trains_its_candidates_and_looks_at_the_test_split_once(
    digits, tmp_path, monkeypatch
) -> None:
    looked = []
    judge = evaluate.evaluate
    monkeypatch.setattr(evaluate, "evaluate", lambda *given: looked.append(1) or judge(*given))
    space, out = digits(trials=2), tmp_path / "run"
    result = search(space, out=out, settings=space.spec.settings())
    assert [trial.state for trial in result.trials] == ["complete", "complete"]
    for trial in result.trials:
        assert [epoch["step"] for epoch in trial.epochs] == [1, 2]
        assert {**trial.epochs[-1]} == {"step": 2, **trial.metrics}
        assert 0 <= trial.metrics["accuracy"] <= 1
    best = result.best
    model = archdsl.build(out / "best.yaml", weights=out / "best.safetensors")
    network, proxy = best.spec.network(), space.spec.settings().proxy
    recipe = Recipe.of(proxy)
    data = prepare(recipe, DataSource.of(proxy), network.input, network.classes)
    seen = judge(model, recipe, data, "test")
    looks = {row["trial"]: row for row in json.loads((out / "test.json").read_text())}
    assert looks[best.number]["metrics"] == pytest.approx(seen)
    assert looks.keys() == {0, best.number}
    right, many = (sum(column) for column in zip(*looks[0]["seen"]["classes"], strict=True))
    assert (right / many, many) == (pytest.approx(looks[0]["metrics"]["accuracy"]), seen["n"])
    assert len(looked) == len(looks)
    assert archdsl.load(out / "best.yaml").tree["found"]["test"]["n"] == seen["n"]
    page = (out / "report.html").read_text()
    assert "On the test split" in page and f"{int(seen['n'])}" in page
    # the same again trains nothing and does not look again; the record is what it was
    again = search(space, out=out, settings=space.spec.settings())
    assert again.trials == result.trials
    assert len(looked) == len(looks)
    # and so does the same from the beginning
    fresh = search(space, out=tmp_path / "fresh", settings=space.spec.settings())
    assert [t.metrics for t in fresh.trials] == [t.metrics for t in result.trials]
    assert not (out / "work" / WEIGHTS).exists()


def test_data_that_do_not_fit_stop_a_search_before_it_begins(digits, tmp_path) -> None:
    space = digits(trials=2)
    wrong = archdsl.space(archdsl.load(space.spec, set={"classes": 7}))
    with pytest.raises(SearchError, match="--set classes=10"):
        search(wrong, out=tmp_path / "run", settings=wrong.spec.settings())
    assert not (tmp_path / "run").exists()


def test_a_training_that_diverges_is_a_failure_with_its_cause(digits, tmp_path) -> None:
    space = digits(trials=2, proxy={"epochs": 1, "batch": 128, "lr": 1e30, "warmup": 0})
    result = search(space, out=tmp_path / "run", settings=space.spec.settings())
    assert [trial.cause for trial in result.trials] == ["diverged", "diverged"]
    assert result.best is None
    assert "No trial succeeded" in (tmp_path / "run" / "report.html").read_text()


def test_a_metric_that_is_not_logged_is_refused_before_the_first_trial(digits, tmp_path) -> None:
    space = digits(trials=2, maximize="acuracy")
    with pytest.raises(SearchError) as caught:
        search(space, out=tmp_path / "run", settings=space.spec.settings())
    assert str(caught.value).startswith(
        "no metric is called 'acuracy'.  did you mean 'accuracy'?  the proxy logs: accuracy loss "
    )
    assert not (tmp_path / "run").exists()
