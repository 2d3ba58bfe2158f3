"""The report in a browser: its plots, its table and its trials, and the page without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archdsl.study import Candidate, search
from archdsl.study.report.read import Record, read
from tests.bench.report import made
from tests.study.browser import Opened, browser, needs_chromium, opened
from tests.study.conftest import judged, tiny_space

pytestmark = [pytest.mark.drawn, needs_chromium]

TRIALS = 24


def reports(candidate: Candidate) -> float:
    """A judge with three epochs; the fourth trial fails."""
    if candidate.number == 3:
        raise ValueError("too <b>deep</b>")
    value = judged(candidate)
    for epoch in (1, 2, 3):
        candidate.report(epoch, value * (1 - 0.5**epoch))
    return value


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search that is over."""
    out = tmp_path_factory.mktemp("browser") / "run"
    space = tiny_space(trials=TRIALS, budget={"macs": "150k"}, sampler="tpe")
    search(space, evaluate=reports, out=out, settings=space.spec.settings())
    return out


@pytest.fixture(scope="module")
def record(run: Path) -> Record:
    return read(run)


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def it(run: Path, running: Any) -> Iterator[Opened]:
    """The page at a desk; at the end nothing was said on the console, and nothing asked for."""
    path = run / "report.html"
    with opened(running, path, viewport={"width": 1400, "height": 900}) as found:
        yield found
        assert found.said == [] and set(found.asked) == {path.as_uri()}


def numbers(it: Opened) -> list[int]:
    """The trials in the rows of the table that are there, in their order."""
    return [int(row.inner_text()) for row in it.page.query_selector_all(".window td a")]


def selected(it: Opened) -> str | None:
    """What the panel is headed with; None while it is shut."""
    return it.page.inner_text("#trial h2") if it.page.is_visible("#trial") else None


def test_all_plots_are_drawn(it: Opened) -> None:
    it.see_all()
    plots = it.page.query_selector_all("[data-plot]")
    assert [one.get_attribute("data-plot") for one in plots] == [
        "against", "course", "curves", "parallel"
    ]  # fmt: skip
    for one in plots:
        it.until(f"document.querySelectorAll('[data-plot] canvas').length >= {len(plots)}")
        drawn = one.query_selector("canvas").evaluate(
            """each => each.getContext("2d").getImageData(0, 0, each.width, each.height).data
                .some(value => value > 0)"""
        )
        assert drawn


def test_the_plain_table_and_figures_are_not_there_twice(it: Opened) -> None:
    assert it.page.locator("figure svg").count() >= 1  # that of the winner
    assert it.page.locator("tr#trial-0").count() == 0
    assert it.page.locator(".window tr[data-trial]").count() == TRIALS


def test_the_table_sorts_by_each_column_both_ways(it: Opened, record: Record) -> None:
    assert numbers(it) == list(range(TRIALS))
    failed = {trial.number for trial in record.failed}
    value = {trial.number: record.value(trial) for trial in record.complete}
    head = it.page.locator(".window th", has_text="accuracy")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    order = numbers(it)
    assert {order[-1]} == failed and order[0] == record.best.number
    assert [value[n] for n in order[:-1]] == sorted(value.values(), reverse=True)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert [value[n] for n in numbers(it)[:-1]] == sorted(value.values())
    assert {numbers(it)[-1]} == failed  # what is none comes last either way
    it.page.click(".window th button:text-is('macs')")
    macs = [record.trials[n].costs["macs"] for n in numbers(it)]
    assert macs == sorted(macs)


def test_the_table_filters_by_words_origin_state_and_range(it: Opened, record: Record) -> None:
    search = it.page.locator("#filter input[type=search]")
    search.fill("stages.0.depth=2 sep_conv")
    wanted = [
        t.number for t in record.trials
        if t.decisions["stages.0.depth"] == 2 and "sep_conv" in t.decisions.values()
    ]  # fmt: skip
    assert numbers(it) == wanted and 0 < len(wanted) < TRIALS
    assert it.page.inner_text("[role=status]") == f"{len(wanted)} of {TRIALS} trials"
    it.page.click("#show-all")
    assert search.input_value() == "" and len(numbers(it)) == TRIALS
    it.page.uncheck("#filter input[value=random]")
    assert numbers(it) == [t.number for t in record.trials if t.origin != "random"]
    it.page.check("#filter input[value=random]")
    it.page.uncheck("#filter input[value=complete]")
    assert numbers(it) == [3]
    it.page.click("#show-all")
    bound = sorted(t.costs["macs"] for t in record.trials)[TRIALS // 2]
    it.page.fill("#filter input[aria-label='macs to']", str(bound))
    it.page.keyboard.press("Enter")
    assert numbers(it) == [t.number for t in record.trials if t.costs["macs"] <= bound]
    it.page.click("button:has-text('macs: any to')")
    assert len(numbers(it)) == TRIALS


def test_a_spec_is_rebuilt_character_for_character(it: Opened, record: Record) -> None:
    for trial in record.trials:
        it.page.evaluate(f"location.hash = '#trial-{trial.number}'")
        it.until(
            f"document.querySelector('#trial h2')?.textContent.match(/Trial {trial.number}\\b/)"
        )
        it.until("document.querySelector('#spec').spec !== undefined")
        assert it.page.evaluate("document.querySelector('#spec').spec") == trial.text
        assert it.page.evaluate("document.querySelector('#spec').textContent") == trial.text


def test_a_row_a_dot_a_curve_and_an_address_are_one_trial(it: Opened) -> None:
    it.see_all()
    it.page.click(".window tr[data-trial='5'] td:nth-child(3)")
    assert selected(it) == "Trial 5"
    assert it.page.evaluate("location.hash") == "#trial-5"
    for plot in ("against", "course", "curves", "parallel"):
        assert it.page.is_visible(f"[data-plot={plot}] .ring:not(.cursor)"), plot
    # and from the dot back
    it.page.click("#close-trial")
    assert selected(it) is None and it.page.evaluate("location.hash") == ""
    assert not it.page.is_visible("[data-plot=course] .ring:not(.cursor)")
    canvas = it.page.locator("[data-plot=course] .canvas")
    canvas.focus()
    it.page.keyboard.press("Home")
    it.page.keyboard.press("ArrowRight")
    x, y = it.page.locator("[data-plot=course] .ring.cursor").evaluate(
        "ring => [parseFloat(ring.style.left), parseFloat(ring.style.top)]"
    )
    it.page.keyboard.press("Escape")
    canvas.click(position={"x": x, "y": y})
    assert selected(it) == "Trial 1"
    assert it.page.locator(".window tr.selected").get_attribute("data-trial") == "1"


def test_the_pointer_is_told_what_it_is_on(it: Opened, record: Record) -> None:
    canvas = it.page.locator("[data-plot=against] .canvas")
    canvas.scroll_into_view_if_needed()
    canvas.focus()
    it.page.keyboard.press("End")
    at = it.page.locator("[data-plot=against] .ring.cursor").evaluate(
        "ring => ({x: parseFloat(ring.style.left), y: parseFloat(ring.style.top)})"
    )
    it.page.keyboard.press("Escape")
    readout = it.page.locator("[data-plot=against] .readout")
    assert not readout.is_visible()
    canvas.hover(position=at)
    dearest = max(record.complete, key=lambda t: t.costs["macs"])
    assert f"accuracy {record.value(dearest):.4g}" in readout.inner_text()
    canvas.hover(position={"x": 2, "y": 2})
    assert not readout.is_visible()


def test_keys_walk_the_trials_open_one_and_leave(it: Opened, record: Record) -> None:
    it.page.locator("[data-plot=course] .canvas").scroll_into_view_if_needed()
    it.page.locator("[data-plot=course] .canvas").focus()
    said = lambda: it.page.text_content("#said")  # noqa: E731
    it.page.keyboard.press("Home")
    assert said().startswith("trial 0, first, accuracy")
    for number in (1, 2, 3):
        it.page.keyboard.press("ArrowRight")
        assert said().startswith(f"trial {number}, ")
    assert "failed: " in said()  # a failure has its place among them
    it.page.keyboard.press("Enter")
    assert selected(it) == "Trial 3"
    assert it.page.evaluate("document.activeElement.textContent") == "Trial 3"
    assert "too <b>deep</b>" in it.page.inner_text("#trial")
    assert "in reports" in it.page.inner_text("#trial")  # where it failed
    it.page.keyboard.press("Escape")
    assert selected(it) is None
    assert it.page.evaluate("document.activeElement.className") == "canvas"
    it.page.keyboard.press("Escape")
    assert it.page.evaluate("document.activeElement === document.body")
    # along y: from the worst to the best
    it.page.locator("[data-plot=against] .canvas").focus()
    ordered = sorted(record.value(t) for t in record.complete)
    it.page.keyboard.press("Home")
    for _ in range(TRIALS):
        it.page.keyboard.press("ArrowUp")
    assert f"accuracy {ordered[-1]:.4g}" in said()


def test_keys_open_a_trial_of_the_table_and_of_the_failures(it: Opened) -> None:
    it.page.locator(".window td a", has_text="7").first.focus()
    it.page.keyboard.press("Enter")
    assert selected(it) == "Trial 7"
    it.page.click("text=Next")
    assert selected(it) == "Trial 8"
    it.page.click("#close-trial")
    it.page.locator("#failures ~ div a[href='#trial-3']").click()
    it.until("!document.querySelector('#trial').hidden")
    assert selected(it) == "Trial 3"


def test_an_address_opens_its_trial_and_another_opens_none(run: Path, running: Any) -> None:
    for address, head in (("#trial-6", "Trial 6"), ("#trial-99", None), ("#nowhere", None)):
        own = running.new_page()
        own.goto((run / "report.html").as_uri() + address)
        own.wait_for_selector("html[data-ready]", state="attached")
        assert selected(Opened(own)) == head
        own.close()


def test_an_area_drawn_in_a_plot_and_a_brush_on_an_axis_bound_the_trials(it: Opened) -> None:
    it.see_all()
    canvas = it.page.locator("[data-plot=against] .canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    it.page.mouse.move(box["x"] + 70, box["y"] + 20)
    it.page.mouse.down()
    it.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 60, steps=5)
    it.page.mouse.up()
    fewer = len(numbers(it))
    assert 0 < fewer < TRIALS
    assert it.page.locator("button:has-text('accuracy:')").count() == 1
    it.page.click("#show-all")
    canvas = it.page.locator("[data-plot=parallel] .canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    # the last axis is the metric's: its upper half
    at = box["x"] + box["width"] - 72
    it.page.mouse.move(at, box["y"] + 74)
    it.page.mouse.down()
    it.page.mouse.move(at, box["y"] + box["height"] / 2, steps=8)
    it.page.mouse.up()
    it.until(f"document.querySelectorAll('.window tr[data-trial]').length < {TRIALS}")
    assert 0 < len(numbers(it)) < TRIALS


def test_copying_gives_the_spec(run: Path, running: Any, record: Record) -> None:
    granted = {"permissions": ["clipboard-read", "clipboard-write"]}
    with opened(running, run / "report.html", **granted) as it:
        it.page.evaluate("location.hash = '#trial-2'")
        it.until("document.querySelector('#spec')?.spec !== undefined")
        it.page.click("#copy-spec")
        it.until("document.querySelector('#copy-spec').textContent === 'Copied'")
        assert it.page.evaluate("navigator.clipboard.readText()") == record.trials[2].text


@pytest.mark.slow
def test_a_page_of_five_thousand_trials_is_small_and_does_the_same(
    tmp_path: Path, running: Any
) -> None:
    made(tmp_path / "run", 5000)
    path = tmp_path / "run" / "report.html"
    assert path.stat().st_size < 5e6
    record = read(tmp_path / "run")
    with opened(running, path, viewport={"width": 390, "height": 900}) as it:
        it.see_all()
        assert it.page.evaluate("document.documentElement.scrollWidth") == 390
        rows = it.page.locator(".window tr[data-trial]")
        assert rows.count() < 100  # those in view
        assert it.page.get_attribute(".window table", "aria-rowcount") == "5001"
        it.page.click(".window th button:text-is('macs')")
        cheapest = min(record.trials, key=lambda t: (t.costs["macs"], t.number))
        assert numbers(it)[0] == cheapest.number
        it.page.evaluate("location.hash = '#trial-4321'")
        it.until("document.querySelector('#spec')?.spec !== undefined")
        assert it.page.evaluate("document.querySelector('#spec').spec") == record.trials[4321].text
        # its row is brought into view
        assert 4321 in numbers(it)
        it.page.fill("#filter input[type=search]", "stages.0.depth=2")
        many = sum(t.decisions["stages.0.depth"] == 2 for t in record.trials)
        assert it.page.inner_text("[role=status]") == f"{many:,} of 5,000 trials"
        assert it.said == [] and it.asked == [path.as_uri()]
    with opened(running, path, java_script_enabled=False) as it:
        assert it.page.locator("tr[id^=trial-]").count() == 5000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_nothing_is_wider_than_the_page(
    run: Path, running: Any, width: int, scheme: str, request: pytest.FixtureRequest
) -> None:
    shape = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(running, run / "report.html", **shape) as it:
        it.see_all()
        wide = "document.documentElement.scrollWidth"
        assert it.page.evaluate(wide) == width
        for fold in it.page.query_selector_all("details"):
            fold.evaluate("each => { each.open = true; }")
        assert it.page.evaluate(wide) == width
        it.page.evaluate("location.hash = '#trial-3'")
        it.until("!document.querySelector('#trial').hidden")
        assert it.page.evaluate(wide) == width
        paper = it.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert paper == ("rgb(18, 18, 18)" if scheme == "dark" else "rgb(255, 255, 255)")


def test_without_scripts_the_sentence_the_figures_and_all_trials_are_there(
    run: Path, running: Any, record: Record
) -> None:
    with opened(running, run / "report.html", java_script_enabled=False) as it:
        assert "accuracy" in it.page.inner_text(".lead")
        assert it.page.locator("figure svg:visible").count() >= 3
        for trial in record.trials:
            row = it.page.locator(f"tr#trial-{trial.number}")
            assert row.is_visible() and str(trial.number) in row.inner_text()
        for hidden in ("[data-plot]", "#every-trial", "#trial"):
            for one in it.page.locator(hidden).all():
                assert not one.is_visible()


def test_where_the_scripts_fail_the_page_is_what_it_is_without(
    run: Path, running: Any, tmp_path: Path
) -> None:
    html = (run / "report.html").read_text()
    start = html.index('id="record">') + len('id="record">')
    broken = html[:start] + "AAAA" + html[start:]
    (tmp_path / "page.html").write_text(broken)
    own = running.new_page()
    own.goto((tmp_path / "page.html").as_uri())
    own.wait_for_selector("tr#trial-0")
    assert own.locator("figure svg:visible").count() >= 3
    assert not own.locator("#every-trial").is_visible()
    own.close()
