"""`archdsl report`: one run, several, and the browser."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

import pytest

from archdsl.cli.browser import opened
from archdsl.study import search
from tests.study.conftest import judged, tiny_space


@pytest.fixture
def runs(tmp_path, monkeypatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "other"):
        search(tiny_space(trials=2), evaluate=judged, out=Path(name),
               settings=tiny_space(trials=2).spec.settings())  # fmt: skip
        (tmp_path / name / "report.html").unlink()
    return ["one", "other"]


def test_of_one_run_it_says_what_it_claims_and_where_the_page_is(run, runs) -> None:
    done = run("report", "one")
    claim, where = done.out.splitlines()
    assert (done.code, where) == (0, "one/report.html is written")
    assert run("report", "one", "--json").data == {
        "name": "tiny", "trials": 2, "best": 0 if "first" in claim else 1, "verdict": claim,
        "over": True, "unfinished": None, "path": "one/report.html",
    }  # fmt: skip


def test_of_several_each_is_written_and_has_a_line(run, runs) -> None:
    done = run("report", *runs)
    assert done.code == 0
    assert done.out.splitlines() == ["one/report.html is written", "other/report.html is written"]
    assert all((Path(one) / "report.html").is_file() for one in runs)
    data = run("report", *runs, "--json").data
    assert [one["run"] for one in data] == runs
    assert {k: v for k, v in data[0].items() if k != "run"} == run("report", "one", "--json").data


def test_a_refusal_hides_none_of_the_others(run, runs) -> None:
    done = run("report", "none", *runs)
    assert done.code == 2 and done.out == ""
    assert done.err.splitlines() == [
        "none holds no search: there is no record.jsonl",
        "one/report.html is written", "other/report.html is written",
    ]  # fmt: skip
    first, *others = run("report", "none", *runs, "--json").data
    assert first["run"] == "none" and first["error"]["type"] == "SearchError"
    assert [one["path"] for one in others] == ["one/report.html", "other/report.html"]


def test_several_and_a_database_are_refused(run, runs) -> None:
    done = run("report", *runs, "--storage", "postgresql://x/y")
    assert done.code == 2
    assert done.err == "--storage holds one record, and several runs are named.  name one\n"


def test_no_run_at_all_is_refused(run) -> None:
    assert run("report").code == 2


class Window(webbrowser.BackgroundBrowser):
    """A browser that notes what it is to show."""

    def __init__(self, works: bool = True) -> None:
        super().__init__("window")
        self.works, self.seen = works, list[str]()

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.seen.append(url)
        return self.works


def use(monkeypatch, browser) -> None:
    monkeypatch.setattr(webbrowser, "get", lambda using=None: browser)


def test_open_shows_each_page(run, runs, monkeypatch, tmp_path) -> None:
    use(monkeypatch, window := Window())
    done = run("report", *runs, "--open")
    assert done.out.splitlines() == ["one/report.html is written", "other/report.html is written"]
    assert window.seen == [(tmp_path / one / "report.html").as_uri() for one in runs]
    assert run("report", "one", "--open", "--json").data["opened"] is True
    assert "opened" not in run("report", "one", "--json").data


def test_where_none_opens_it_says_where_the_page_is(run, runs, monkeypatch, tmp_path) -> None:
    use(monkeypatch, Window(works=False))
    done = run("report", "one", "--open")
    assert done.code == 0
    assert done.out.splitlines()[-1] == (
        "one/report.html is written, and no browser could be opened here: "
        f"{(tmp_path / 'one' / 'report.html').as_uri()}"
    )


def test_a_browser_of_text_is_not_opened_as_it_would_take_the_terminal(monkeypatch) -> None:
    monkeypatch.delenv("BROWSER", raising=False)
    for browser in (webbrowser.GenericBrowser("lynx"), webbrowser.UnixBrowser("links")):
        monkeypatch.setattr(type(browser), "open", lambda *_: pytest.fail("it waits"))
        use(monkeypatch, browser)
        assert not opened(Path("x.html"))


def test_what_the_environment_names_is_started_and_not_waited_for(monkeypatch, tmp_path) -> None:
    started = []
    monkeypatch.setenv("BROWSER", "mine --new %s")
    use(monkeypatch, webbrowser.GenericBrowser(["mine", "--new", "%s"]))
    monkeypatch.setattr(
        webbrowser.BackgroundBrowser, "open",
        lambda self, url: started.append([self.name, *self.args, url]) or True,
    )  # fmt: skip
    assert opened(tmp_path / "a b.html")
    assert started == [["mine", "--new", "%s", f"{tmp_path.as_uri()}/a%20b.html"]]


def test_no_browser_at_all_is_no_error(monkeypatch) -> None:
    def none(using: str | None = None) -> None:
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert not opened(Path("x.html"))
    use(monkeypatch, broken := Window())
    monkeypatch.setattr(broken, "open", lambda url: (_ for _ in ()).throw(OSError("gone")))
    assert not opened(Path(os.devnull))
