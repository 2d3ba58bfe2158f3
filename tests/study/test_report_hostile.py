"""A report in which every text is another's: none of it runs, and none of it is markup."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from archdsl.amounts import names
from archdsl.language.settings import Objective
from archdsl.printable import printable_line
from archdsl.study.final.by_class import ByClass
from archdsl.study.final.comparison import Arm, Difference
from archdsl.study.final.verdict import Verdict
from archdsl.study.final.winner import Won
from archdsl.study.record.events import Round, Training
from archdsl.study.record.rounds import FinalRound, SplitLook
from archdsl.study.report.page import page
from archdsl.study.report.read import Record
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial
from archdsl.views import svg
from archdsl.views.chart import Chart, Marks, Reference
from tests.study.browser import browser, needs_chromium, opened

pytestmark = pytest.mark.drawn

RUN = "document.documentElement.setAttribute('data-ran','1')"

PAYLOADS = {
    "script": f"<script>{RUN}</script>",
    "attribute": f'a" onload="{RUN}',
    "single": f"a' onload='{RUN}",
    "quoted_script": f'"><script>{RUN}</script>',
    "image": f"<img src=x onerror={RUN}>",
    "frame": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    "out_of_svg": f"</text></g></svg><script>{RUN}</script>",
    "in_svg": f"<animate onbegin={RUN} attributeName=x dur=1s>",
    "out_of_pre": f"</pre></details></title></style><script>{RUN}</script>",
    "comment": f"--><script>{RUN}</script><!--",
    "cdata": f"]]><script>{RUN}</script>",
    "entity": f"&quot; onload=&quot;{RUN}",
    "entity_script": f"&lt;script&gt;{RUN}&lt;/script&gt;",
    "link": f"<a href=\"javascript:{RUN}\" autofocus onfocus={RUN}>x</a>",
    "style": "</style><link rel=stylesheet href=http://127.0.0.1:1/x.css>",
    "policy": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:1/'>",
    "template": "{{ 7 * 7 }}{% raw %}",
    "maths": r"$\frac{1}{x$ and $x$",
    "tex": r"\textbf{x}_%^~#&",
    "control": "\x00\x1b[2J\x9b\x07\r\u2028\u202e",
    "not_utf8": "\udcff",
    "ink": "#010203",
    "not_in_the_font": "精度 🎉",
}  # fmt: skip


def hostile(evil: str, *, final: bool = False) -> Record:
    """A record with a text in every place that holds one. final: with a final round."""
    metric, cost, answer = f"m{evil}", f"k{evil}", f"a{evil}"
    costs = {**dict.fromkeys(names(), 9), cost: 9}

    def trial(number: int, **changed: Any) -> Trial:
        given: dict[str, Any] = {
            "number": number, "origin": "random", "text": f"text{evil}", "network": evil,
            "decisions": {f"d{evil}": f"{answer}{number % 2}", f"e{evil}": [evil, number]},
            "costs": costs, "state": "complete", "metrics": {metric: 0.5 + number / 9, evil: 1.0},
            "values": (0.5 + number / 9, 9.0 + number),
        }  # fmt: skip
        return Trial(**(given | changed))

    failed = trial(
        3, state="failed", metrics={}, values=None, cause=f"c{evil}", trace=f"t{evil}:3 in {evil}"
    )
    trials = [trial(0, origin="default"), trial(1), trial(2, origin=f"r{evil}"), failed]
    arms = [Arm(f"h{evil}{n}", np.array([0.5, 0.6 + n / 9])) for n in range(2)]
    gap = Difference(arms[0].name, arms[1].name, 0.1, (0.0, 0.2), 3)
    verdict = Verdict(f"x{evil}", "test", arms[0], tuple(arms), (gap,), (f"f{evil}",), 2, None)
    begun = Round(0, 4, {}, [], [1, 2], 3, f"u{evil}", f"l{evil}")
    return Record(
        folder=Path("run"), name=f"n{evil}", survey=Survey(99, 20, 20, costs, False),
        objectives=(Objective(metric, "maximize"), Objective(cost, "minimize")),
        settings={
            "budget": {cost: [1, 9], "macs": [0, 99]}, "trials": 9, "sampler": f"s{evil}",
            "sampler_options": {f"o{evil}": f"v{evil}"}, "seed": 0, "proxy": {"epochs": 3},
        },
        own_evaluate=False,
        sessions=[{
            "begun": f"b{evil}", "machine": {"system": f"y{evil}"},
            "versions": {f"p{evil}": f"q{evil}"}, "first_trial": 0, "workers": 1,
            "elsewhere": [f"e{evil}"],
        }],
        trials=trials,
        looks={
            Training(n, "search", 0, 0): SplitLook(
                {metric: 0.5 + n, "accuracy": 0.5, "n": 400, evil: 1.0}
            )
            for n in (0, 2)
        },
        won=Won(trials[2], Training(2, "search", 0, 0), trials[2].metrics, (0.7, 9.0)),
        **(
            {
                "verdicts": (verdict,), "final": FinalRound(begun), "rounds": 2,
                "by_class": ByClass((9, 1), {f"g{evil}": (0.5, None)}),
            }
            if final
            else {}
        ),
        data={"words": f"w{evil}", "notes": [f"z{evil}"], "counts": {"val": 400}},
        space=f"space{evil}", winner=f"winner{evil}", has_code=True, has_weights=True,
    )  # fmt: skip


FIELDS = ("n", "m", "k", "d", "a", "text", "c", "t", "s", "o", "v", "b", "y", "p", "q", "r", "w",
          "z", "space", "winner")  # fmt: skip
"""What stands before the text in each place, so that the places can be told apart."""


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        # what is between the tags of a script comes in one piece
        if self.cdata_elem == "script":
            self.scripts.append(data)
        else:
            self.text += data


def read(html: str) -> Elements:
    found = Elements()
    found.feed(html)
    found.close()
    return found


def shapes(html: str) -> set[tuple[str, ...]]:
    """Each element with the names of its attributes."""
    return {(tag, *(name for name, _ in attrs)) for tag, attrs in read(html).found}


def shortened(text: str) -> str:
    """A label of a drawing, where it is longer than there is room."""
    return text if len(text) <= 60 else text[:59] + "…"


def drawings(html: str) -> Iterator[ElementTree.Element]:
    for drawing in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        yield ElementTree.fromstring(drawing)


SOME = ("attribute", "quoted_script", "control", "not_utf8", "maths")
every_payload = pytest.mark.parametrize(
    "evil",
    [
        pytest.param(evil, id=name, marks=() if name in SOME else pytest.mark.slow)
        for name, evil in PAYLOADS.items()
    ],
)


@functools.cache
def whole_page(evil: str, *, final: bool = False) -> str:
    return page(hostile(evil, final=final))


@every_payload
@pytest.mark.parametrize("final", [False, True], ids=["", "final"])
def test_no_text_becomes_an_element_or_an_attribute(evil: str, final: bool) -> None:
    html = whole_page(evil, final=final)
    html.encode()
    assert shapes(html) == shapes(whole_page("plain", final=final))
    for tag, attrs in read(html).found:
        assert tag not in ("iframe", "img", "link", "object")
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("href", "src", "xlink:href") or str(value).startswith("#")
    assert len(list(drawings(html))) == 5
    # the packed record, its texts, the plotting library and ours
    assert len(read(html).scripts) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9+/=]+", held) for held in read(html).scripts[:2])
    assert read(html).scripts[2:] == read(whole_page("plain", final=final)).scripts[2:]


@every_payload
def test_every_text_is_read_as_it_is_written(evil: str) -> None:
    found = read(whole_page(evil))
    shown = "".join(c if c.isprintable() else repr(c).strip("'") for c in evil)
    for field in FIELDS:
        assert f"{field}{shown}" in found.text, field
    labels = [dict(attrs)["aria-label"] for tag, attrs in found.found if tag == "svg"]
    assert f"m{shown} of each trial, and the best so far" in labels
    assert f"m{shown} of each trial by k{shown}" in labels


@every_payload
def test_every_text_of_a_final_round_is_read_as_it_is_written(evil: str) -> None:
    text = read(whole_page(evil, final=True)).text
    shown = "".join(c if c.isprintable() else repr(c).strip("'") for c in evil)
    for field in ("h", "x", "f", "u", "l", "g"):
        assert f"{field}{shown}" in text, field


def test_a_drawing_alone_escapes_its_words() -> None:
    for evil in PAYLOADS.values():
        chart = Chart(
            f"t{evil}", [Marks("dots", [0, 1], [0, 1], "#000000", f"l{evil}")],
            limits=[Reference(0.5, f"i{evil}")], x_label=f"x{evil}", y_label=f"y{evil}",
            y_names=[f"n{evil}"], x_text=lambda value: "v<&>", legend=True,
        )  # fmt: skip
        drawn = ElementTree.fromstring(svg.drawn(chart))
        words = "".join(drawn.itertext()) + str(drawn.get("aria-label"))
        shown = "".join(c if c.isprintable() else repr(c).strip("'") for c in evil)
        assert f"t{shown}" in words
        assert "v<&>" in words
        for letter in "lixyn":
            assert shortened(f"{letter}{shown}") in words


def hash_of(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_the_page_lets_nothing_run_but_its_own_and_nothing_load() -> None:
    found = read(whole_page("plain"))
    (policy,) = (
        dict(attrs)["content"]
        for tag, attrs in found.found
        if ("http-equiv", "Content-Security-Policy") in attrs
    )
    assert policy == (
        f"default-src 'none'; script-src {' '.join(map(hash_of, found.scripts[2:]))}; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Any]:
    with browser() as found:
        yield found


def saved(html: str, folder: Path) -> Path:
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    return path


RAN = "document.documentElement.hasAttribute('data-ran')"


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)
def test_nothing_runs_in_a_browser_whatever_is_done_there(
    evil: str, tmp_path: Path, running: Any
) -> None:
    path = saved(whole_page(evil), tmp_path)
    with opened(running, path) as it:
        it.see_all()
        for number in range(4):
            it.page.evaluate(f"location.hash = '#trial-{number}'")
            it.until(
                f"document.querySelector('#trial h2')?.textContent.startsWith('Trial {number}')"
            )
            it.until("document.querySelector('#spec').spec !== undefined")
            assert it.page.evaluate("document.querySelector('#spec').spec") == (
                f"text{evil}".encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
            )
            assert f"a{printable_line(evil)}{number % 2}" in it.page.inner_text("#trial")
        it.page.click("#close-trial")
        for plot in it.page.query_selector_all(".canvas"):
            plot.focus()
            for key in ("ArrowRight", "ArrowUp", "Enter", "Escape"):
                it.page.keyboard.press(key)
        for head in range(it.page.locator(".window th button").count()):
            it.page.locator(".window th button").nth(head).click()
        it.page.fill("#filter input[type=search]", evil.replace("\0", ""))
        assert not it.page.evaluate(RAN)
        assert it.said == [] and it.asked == [path.as_uri()]


@pytest.mark.slow
@needs_chromium
def test_without_its_policy_a_text_that_broke_out_would_run_and_with_it_does_not(
    tmp_path: Path, running: Any
) -> None:
    whole = whole_page("plain").replace("<h1>", f"<h1>{PAYLOADS['script']}", 1)
    with opened(running, saved(whole, tmp_path)) as it:
        assert not it.page.evaluate(RAN)
        assert any("Content Security Policy" in said for said in it.said)
    bare = re.sub(r"<meta http-equiv=[^\n]*\n", "", whole)
    assert bare != whole
    with opened(running, saved(bare, tmp_path)) as it:
        assert it.page.evaluate(RAN)
