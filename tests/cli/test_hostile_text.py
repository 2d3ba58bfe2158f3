"""Text of others on a terminal: it commands nothing, is no markup, and begins no new line."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from archdsl.cli import main
from archdsl.cli.parser import VERBS
from archdsl.display.live import LiveDisplay
from archdsl.display.plain import PlainDisplay
from archdsl.errors import ArchError
from archdsl.language.settings import Objective, SearchSettings
from archdsl.study.events import (
    Best,
    Epoch,
    Event,
    Notice,
    Preparing,
    Started,
    TrialFinished,
    TrialStarted,
)
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial
from archdsl.views import terminal
from tests import started

ROOT = Path(__file__).resolve().parents[2]

COMMANDS = {
    "colour": "\x1b[31m",
    "clear": "\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;mailto:a@b\x1b\\",
    "eight_bit": "\x9b2J",
    "return": "good\rbad",
    "backspace": "\b\b\b",
    "turned": "\u202egpj",
    "separator": "a\u2028b",
    "not_utf8": "\udcff",
    "delete": "\x7f",
}
MARKUP = [
    "[/x]",
    "[bold]b[/bold]",
    "[link=mailto:a@b]",
    ":smile:",
    "[",
    "\\[red]",
    "[@click]",
]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def is_tame(text: str) -> bool:
    """Whether all of a text prints as itself."""
    return all(each.isprintable() or each in "\n\t" for each in text)


def as_python_writes(each: str) -> str:
    return each if each.isprintable() else repr(each).strip("'")


def lines_of(evil: str, tiny: Path) -> list[list[str]]:
    """Command lines with a text in every place that takes one."""
    folder = tiny.parent
    here = str(tiny)
    return [
        [evil],
        ["list", evil],
        *([verb, f"x{evil}"] for verb in ("check", "show", "count", "bench", "search", "export")),
        ["proxy-check", f"x{evil}"],
        *([verb, f"./{evil}.yaml"] for verb in ("check", "show", "count", "search", "export")),
        ["diff", f"x{evil}", here],
        ["diff", here, f"x{evil}"],
        ["diff", here, here, "--set", f"stages.0.x{evil}=1"],
        ["show", here, "--draw", evil],
        ["show", here, "--draw", str(folder / f"no{evil}" / "x.svg")],
        ["diff", here, here, "--draw", evil],
        ["check", here, f"--{evil}"],
        *(["check", here, "--set", text] for text in (
            evil, f"x{evil}=1", f"stages.0.x{evil}=1", f"name={evil}", f"input={evil}",
            f"block.token_mixer={evil}", f"block.token_mixer={{type: pooling, x{evil}: 1}}",
            f"stages.0.dim=$x{evil}", f"imports=[./{evil}.py]", f"extends=./{evil}.yaml",
            f"search.maximize=x{evil}", f"search.sampler=x{evil}", f"search.budget.x{evil}=1",
            f"search.proxy.x{evil}=1", f"search.proxy.data=x{evil}",
            f"search.proxy.data={{type: npz, path: ./{evil}.npz}}",
        )),
        *(["bench", here, f"--{option}", evil] for option in (
            "batch", "form", "mode", "device", "size", "threads", "rounds", "seconds", "out",
        )),
        ["report", str(folder / f"no{evil}")],
        ["report", str(folder / f"no{evil}"), str(folder / f"other{evil}"), "--open"],
        ["status", str(folder / f"no{evil}")],
        ["compare", str(folder / f"no{evil}"), str(folder / f"other{evil}")],
        ["replay", str(folder / f"no{evil}"), "0"],
        ["replay", str(folder), f"0{evil}"],
        ["export", here, "--to", evil],
        ["evaluate", here, "--weights", str(folder / f"{evil}.pth")],
        *(["evaluate", here, "--weights", "no.pth", f"--{option}", evil] for option in (
            "data", "split", "size", "batch", "device", "out",
        )),
        ["train", f"x{evil}"],
        ["train", here, "--out", str(folder / f"no{evil}")],
        ["train", here, "--out", str(folder / "no"), "--set", f"train.x{evil}=1"],
        *(["train", here, "--out", str(folder / "no"), f"--{option}", evil] for option in (
            "data", "recipe", "weights", "seed", "workers", "on-bad", "cache", "checkpoint-every",
            "logger", "logger-option", "devices", "strategy",
        )),
        ["export", here, "-o", str(folder / f"no{evil}" / "x.py")],
        ["search", here, "--out", str(folder / f"no{evil}")],
        ["proxy-check", here, "--members", evil],
        ["proxy-check", here, "--out", str(folder / f"no{evil}")],
        ["schema", f"x{evil}"],
        ["weights", evil, "x", "--spec", here, "-o", "x.pth"],
        ["weights", "import", str(folder / f"{evil}.pth"), "--spec", here, "-o", "x.pth"],
        ["weights", "import", here, "--spec", f"x{evil}", "-o", "x.pth"],
        ["weights", "import", here, "--spec", here, "-o", str(folder / f"x{evil}")],
        ["weights", "export", here, "--to", evil, "--spec", here, "-o", "x.pth"],
    ]  # fmt: skip


@pytest.mark.parametrize("evil", COMMANDS.values(), ids=COMMANDS)
def test_no_argument_of_any_verb_commands_the_terminal(evil, run, tiny):
    lines = lines_of(evil, tiny)
    assert {line[0] for line in lines} >= set(VERBS)
    for line in lines:
        for more in ([], ["--json"]):
            done = run(*line, *more)
            assert is_tame(done.out + done.err), (line, done.out, done.err)
            assert "Traceback" not in done.out + done.err, line


def test_what_is_refused_is_shown_escaped(run):
    assert run("list", "\x1b[31mnorm").err.startswith("there is no kind '\\x1b[31mnorm'.")
    assert run("list", "nörm").err.startswith("there is no kind 'nörm'.")


def test_a_place_in_a_line_stays_where_it_is(run, tiny):
    tiny.write_text(tiny.read_text().replace("dim: 8, depth", "dim: 8, \u202ed: 1, depth"))
    assert run("check", tiny).err.splitlines()[:3] == [
        f"{tiny}:16:14: stages.0.\\u202ed: a stage has no key '\\u202ed'",
        "   16 |   - {dim: 8, \N{REPLACEMENT CHARACTER}d: 1, depth: 2}",
        "      |              ^^",
    ]


def test_a_program_reads_the_very_text(run):
    evil = "a\x9b\u202e\udcff\U000e0001"
    done = run("list", evil, "--json")
    assert done.out.isascii()
    assert "\\u009b\\u202e\\udcff\\udb40\\udc01" not in done.out  # the message is for people
    terminal.say_json(json.dumps({"x": evil}, ensure_ascii=False), stream := io.StringIO())
    assert is_tame(stream.getvalue())
    assert json.loads(stream.getvalue()) == {"x": evil}


HOSTILE = """\
from torch import nn
import archdsl

@archdsl.token_mixer("evil")
class Evil(nn.Module):
    \"\"\"Clears \x1b[2J the screen.

    kind: what \x1b[31m it does
    \"\"\"

    def __init__(self, dim, *, kind: str = "\\x1b[31m"):
        super().__init__()

    def forward(self, x):
        return -x  # \u202e turned
"""


def test_what_a_component_says_of_itself_commands_nothing(run, tiny, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (tiny.parent / "evil.py").write_text(HOSTILE)
    mixer = "imports: [./evil.py]\nblock.token_mixer: {type: evil, kind: 'a\\e[2Jb'}\n"
    mine = tiny.parent / "mine.yaml"
    mine.write_text(f"archdsl: 1\nname: mine\nextends: ./tiny.yaml\n{mixer}".replace("'", '"'))
    for line in (["check", mine], ["show", mine], ["count", mine], ["list", "token_mixer"]):
        for more in ([], ["--json"]):
            done = run(*line, *more)
            assert done.code == 0, done.err
            assert is_tame(done.out + done.err), line
    assert "evil  Clears \\x1b[2J the screen." in run("list", "token_mixer").out
    assert 'kind: "a\\x1b[2Jb"' in run("show", mine).out


def test_code_is_piped_as_it_is_and_shown_escaped(run, tiny, monkeypatch):
    (tiny.parent / "evil.py").write_text(HOSTILE)
    text = tiny.read_text().replace("name: tiny", "name: mine\nimports: [./evil.py]")
    (mine := tiny.parent / "mine.yaml").write_text(text.replace("pooling", "evil"))
    out = tiny.parent / "out.py"
    run("export", mine, "-o", out)
    assert "\x1b[2J" in out.read_text()
    assert run("export", mine).out == out.read_text()
    monkeypatch.setattr(sys, "stdout", stream := Terminal())
    main(["export", str(mine)])
    assert is_tame(stream.getvalue()) and "Clears \\x1b[2J the screen." in stream.getvalue()


def test_what_an_import_fails_with_commands_nothing(run, tiny):
    (tiny.parent / "evil.py").write_text('raise ValueError("\\x1b[2J\\udcff")')
    tiny.write_text(tiny.read_text().replace("input:", "imports: [./evil.py]\ninput:"))
    done = run("check", tiny)
    assert done.code == 2 and is_tame(done.err)
    assert "ValueError: \\x1b[2J\\udcff" in done.err


def test_a_fault_of_ours_is_shown_escaped(run, monkeypatch, tiny):
    import archdsl

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("\x1b[2J\udcff")

    monkeypatch.setattr(archdsl, "load", broken)
    done = run("check", tiny)
    assert "RuntimeError: \\x1b[2J\\udcff" in done.err
    assert is_tame(done.err)


def test_an_error_in_python_is_escaped_as_well():
    import archdsl

    with pytest.raises(ArchError) as caught:
        archdsl.load("./\x1b[2J.yaml")
    assert is_tame(str(caught.value))
    assert "\\x1b[2J.yaml" in str(caught.value)


def test_a_terminal_that_lacks_a_sign_is_given_its_number(tiny):
    command = [*started.python(), "-m", "archdsl", "show", str(tiny)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert b"tiny: 1\\xd78\\xd78 \\u2192 10 classes" in done.stdout


def events(evil: str) -> list[Event]:
    """A search in which every text is another's."""
    name = f"m{evil}"
    settings = SearchSettings(trials=4, objectives=(Objective(name, "maximize"),))
    costs = {"macs": 1, "params": 1, "train_params": 1, "activations": 1}
    decisions = {f"x{evil}": f"y{evil}"}
    good = Trial(0, "tpe", decisions, "", costs, "a", "complete", metrics={name: 0.5},
                 values=(0.5,), seconds=1.0)  # fmt: skip
    bad = Trial(1, f"o{evil}", decisions, "", costs, "b", "failed", cause=f"c{evil}")  # type: ignore[arg-type]
    return [
        Preparing(f"p{evil}", 1, 2),
        Notice(f"n{evil}"),
        Started(f"s{evil}", settings, Survey(9, 9, 9, costs, True), Path(f"runs/f{evil}"), ()),
        TrialStarted(0, f"o{evil}", decisions, costs),
        Epoch(0, 1, {name: 0.25}),
        TrialFinished(good),
        Best(good),
        TrialFinished(bad),
        TrialStarted(2, f"o{evil}", decisions, costs),
        Preparing(f"w{evil}"),
    ]


@pytest.mark.parametrize("evil", [*COMMANDS.values(), *MARKUP, "one\ntwo"])
def test_a_search_shows_names_as_names(evil):
    stream = io.StringIO()
    with PlainDisplay(stream) as display:
        for event in events(evil):
            display(event)
    shown = "".join(map(str, stream.getvalue()))
    assert is_tame(shown)
    assert len(shown.splitlines()) == 7  # one for each thing that is said
    printed = "".join(map(as_python_writes, evil))
    for letter in "pnsfmcw":
        assert f"{letter}{printed}" in shown


@pytest.mark.parametrize("evil", [*COMMANDS.values(), *MARKUP, "one\ntwo"])
def test_a_live_search_shows_names_as_names(evil):
    console = Console(
        file=io.StringIO(), width=250, height=30, force_terminal=True, color_system=None
    )
    display = LiveDisplay(console)
    picture = Console(file=io.StringIO(), width=250)
    for event in events(evil):
        display(event)
        picture.print(display.picture.drawn())
    shown = picture.file.getvalue() + console.file.getvalue()  # type: ignore[attr-defined]
    assert is_tame(shown)
    printed = "".join(map(as_python_writes, evil))
    for letter in "pnsfmcwoy":
        assert f"{letter}{printed}" in shown


@pytest.mark.parametrize("evil", [*MARKUP, "\x1b[2J", "a\nb", "\udcff"])
def test_what_is_being_done_is_shown_as_it_is_called(evil, monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    main(["check", f"./{evil}.yaml"])
    printed = "".join(map(as_python_writes, evil))
    assert f"checking ./{printed}.yaml" in stream.getvalue()
    stream.getvalue().encode()
