"""What the page's scripts are given: the whole record, and the texts character for character."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.report.charts import so_far
from archdsl.study.report.packed import MOST_POINTS, packed, texts
from archdsl.study.report.page import SCRIPTS
from archdsl.views import scripts
from tests.study.records import drawn, made, record


def read_back(held: str) -> Any:
    """As a browser does."""
    return json.loads(zlib.decompress(base64.b64decode(held)))


@given(st.lists(st.text(st.characters(exclude_categories=())), min_size=1, max_size=8))
def test_every_text_is_rebuilt_character_for_character(written: list[str]) -> None:
    trials = [made(n, {}, 0.5, text=text) for n, text in enumerate(written)]
    held = read_back(scripts.packed(texts(record(trials))))
    lines = held["lines"]
    rebuilt = ["\n".join(lines[place] for place in held["of"][str(n)]) for n in range(len(written))]
    assert rebuilt == written
    assert len(set(lines)) == len(lines)


def test_lines_that_trials_share_are_held_once() -> None:
    text = "\n".join(f"line {n}" for n in range(200))
    trials = [made(n, {}, 0.5, text=f"{text}\nown {n}") for n in range(500)]
    assert len(texts(record(trials))["lines"]) == 700
    whole = sum(len(t.text) for t in trials)
    assert len(scripts.packed(texts(record(trials)))) < whole / 50


def test_every_answer_is_found_again() -> None:
    members = drawn(60)
    held = packed(record([made(n, one, 0.5) for n, one in enumerate(members)]))
    for place, one in enumerate(members):
        answers = {
            d["address"]: d["answers"][d["of"][place]]
            for d in held["decisions"]
            if d["of"][place] >= 0
        }
        assert answers == {address: str(answer) for address, answer in one.items()}


@pytest.mark.parametrize(
    ("value", "held"),
    [(0.123456789, 0.123457), (float("inf"), "inf"), (float("nan"), "nan"), (-1e300, -1e300)],
)
def test_a_figure_that_json_has_no_number_for_is_a_word(value: float, held: float | str) -> None:
    (found,) = packed(record([made(0, {}, value)]))["metrics"]
    assert found == {"name": "accuracy", "of": [held]}
    scripts.packed(found)


def test_the_best_so_far_is_that_of_every_trial_before() -> None:
    values = [0.5, 0.4, None, 0.7, 0.6, 0.7]
    trials = [made(n, {}, value) for n, value in enumerate(values)]
    assert [t.number for t in so_far(record(trials))] == [0, 0, 3, 3, 3]
    course = packed(record(trials))["course"]
    assert course["number"] == [0, 1, 3, 4, 5] and course["best"] == [0.5, 0.5, 0.7, 0.7, 0.7]
    assert course["low"] == [None] * 5  # nobody knows of how many images


def test_intervals_are_known_where_the_number_of_images_is() -> None:
    trials = [made(n, {}, value) for n, value in enumerate([0.5, 0.75])]
    course = packed(record(trials, data={"counts": {"val": 400}}))["course"]
    assert all(low < best < high for low, best, high in
               zip(course["low"], course["best"], course["high"], strict=True))  # fmt: skip


def epochs(**values: list[float]) -> tuple[dict[str, float], ...]:
    many = max(map(len, values.values()))
    return tuple(
        {"step": float(at + 1), **{name: of[at] for name, of in values.items() if at < len(of)}}
        for at in range(many)
    )


def test_curves_are_of_what_trials_are_judged_by_or_of_what_was_measured_often() -> None:
    both = epochs(accuracy=[0.1, 0.2], loss=[3.0, 2.0])
    held = packed(record([made(0, {}, 0.2, epochs=both)]))["curves"]
    assert (held["name"], held["of"]) == ("accuracy", {0: [(1.0, 0.1), (2.0, 0.2)]})
    once = tuple({k: v for k, v in one.items() if k != "accuracy"} for one in both)
    held = packed(record([made(0, {}, 0.2, epochs=once)]))["curves"]
    assert (held["name"], held["of"]) == ("loss", {0: [(1.0, 3.0), (2.0, 2.0)]})
    held = packed(record([made(0, {}, 0.2, epochs=both[:1])]))["curves"]
    assert (held["name"], held["of"]) == ("", {})


def test_of_endless_curves_some_epochs_are_left_out_and_the_page_says_so() -> None:
    long = epochs(accuracy=[n / 1e6 for n in range(MOST_POINTS // 2 + 1)])
    held = packed(record([made(n, {}, 0.5, epochs=long) for n in range(2)]))["curves"]
    assert held["note"] == "Of every 2 epochs one is drawn, and the last."
    assert all(points[-1][0] == len(long) for points in held["of"].values())
    assert sum(map(len, held["of"].values())) <= MOST_POINTS + 2


def test_failures_have_their_cause_and_place() -> None:
    trials = [made(0, {}, 0.5), made(1, {}, None, cause="too\x1b deep", trace="a.py:3")]
    held = packed(record(trials))
    assert held["failures"] == {1: {"cause": r"too\x1b deep", "trace": "a.py:3"}}
    assert held["value"] == [0.5, None]


def test_no_text_of_a_record_is_seen_in_what_is_packed() -> None:
    held = scripts.packed(packed(record([made(0, {"d": "</script>"}, 0.5)])))
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", held)


def test_a_script_that_would_end_in_its_midst_is_none() -> None:
    for text in ("a = '</script>'", "<!--", "a\r\n"):
        with pytest.raises(AssertionError):
            scripts._script(text)


def test_our_scripts_are_small_and_make_no_markup_and_no_code_of_texts() -> None:
    from importlib import resources

    folder = resources.files("archdsl.study.report").joinpath("scripts")
    assert {f"{name}.js" for name in SCRIPTS} == {one.name for one in folder.iterdir()}
    for name in SCRIPTS:
        text = folder.joinpath(f"{name}.js").read_text(encoding="utf-8")
        assert text.startswith("// "), name
        assert len(text.splitlines()) <= 220, name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bvar\b"
            r"|fetch\(|XMLHttpRequest|console\.|https?://(?!www\.w3\.org/2000/svg)", text
        ), name  # fmt: skip
        # the one place where markup is read is what the page itself holds for want of scripts
        assert ("DOMParser" in text) == (name == "start")


def test_a_record_without_a_figure_is_packed() -> None:
    held = packed(record([]))
    assert held["number"] == [] and held["course"]["number"] == []
    assert math.isfinite(len(scripts.packed(held)))
    alone = dataclasses.replace(record([made(0, {}, None)]))
    assert packed(alone)["value"] == [None]
