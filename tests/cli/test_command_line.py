"""The frame around the verbs: help, mistakes, exit codes, pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl import shipped
from archdsl.cli.parser import VERBS

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_printed(run):
    done = run("--version")
    assert (done.code, done.out, done.err) == (0, f"archdsl {archdsl.__version__}\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_json(run, verb):
    done = run(verb, "--help")
    assert done.code == 0
    assert f"usage: archdsl {verb}" in done.out
    assert "--json" in done.out


def test_help_loads_nothing_heavy():
    program = (
        "import sys; from archdsl.cli import main; main(['search', '--help']);"
        "print(sorted({'torch', 'optuna', 'lightning', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["serach", "x"], "archdsl has no verb 'serach'.  did you mean 'search'?"),
        ([], "archdsl: the following arguments are required: VERB"),
        (["check"], "archdsl check: the following arguments are required: FILE"),
        (["check", "x.yaml", "--jsn"], "archdsl: unrecognized arguments: --jsn"),
        (["list", "mixer"], "there is no kind 'mixer'.  did you mean"),
        (["check", "no/such.yaml"], "no/such.yaml: there is no folder no"),
        (["check", "poolformer_s13"], "no shipped spec is called 'poolformer_s13'"),
        (["check", "poolformer_s12", "--set", "stages.0"], "--set stages.0 is no assignment"),
        (
            ["check", "poolformer_s12", "--set", "classes=2", "--set", "classes=3"],
            "--set classes is given twice",
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_told_in_words(run, line, said):
    done = run(*line)
    assert done.code == 2
    assert done.out == ""
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_mistake_is_json_for_programs(run, tiny):
    tiny.write_text(tiny.read_text().replace("pooling", "poling"))
    done = run("check", tiny, "--json")
    assert (done.code, done.err) == (2, "")
    error = done.data["error"]
    assert (error["type"], error["file"], error["line"]) == ("SpecError", str(tiny), 12)
    assert error["address"] == "block.token_mixer"
    assert "no token mixer is called 'poling'" in error["message"]


def test_a_fault_of_ours_is_a_traceback_and_1(run, monkeypatch, tiny):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(archdsl, "load", broken)
    done = run("check", tiny)
    assert done.code == 1
    assert "RuntimeError: a bug" in done.err
    assert "a fault of archdsl" in done.err
    assert run("check", tiny, "--json").data["error"]["message"] == "a bug"


def test_ctrl_c_is_130(run, monkeypatch, tiny):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archdsl, "load", interrupted)
    done = run("check", tiny)
    assert (done.code, done.err) == (130, "interrupted\n")


def test_a_file_that_cannot_be_written_is_the_users_to_mend(run, tiny, tmp_path):
    done = run("export", tiny, "-o", tmp_path / "nowhere" / "x.py")
    assert done.code == 2
    assert "nowhere" in done.err
    assert "Traceback" not in done.err


def test_a_reader_that_has_gone_is_no_fault():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "archdsl", "list", "specs"]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_python_m_archdsl_is_archdsl():
    command = [sys.executable, "-m", "archdsl", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"archdsl {archdsl.__version__}\n"


def test_search_py_is_archdsl_search():
    command = [sys.executable, "search.py", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: archdsl search")


def test_shipped_names_are_one_each():
    folders = [shipped.folder() / part for part in (shipped.BASELINES, shipped.SPACES)]
    files = [path.stem for folder in folders for path in folder.glob("*.yaml")]
    assert sorted(files) == shipped.names()
    assert "poolformer_s12" in shipped.names(shipped.BASELINES)
    assert "poolformer_s12" not in shipped.names(shipped.SPACES)


def test_what_is_said_to_users_has_no_place_in_our_source(tmp_path) -> None:
    program = (
        "import sys, warnings\n"
        "from archdsl.cli import command\n"
        "def main():\n"
        "    warnings.warn('the averaged\\x1b[31m weights were taken', stacklevel=1)\n"
        "    return 0\n"
        "command.main = main\n"
        "command.console()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "the averaged\\x1b[31m weights were taken\n")
