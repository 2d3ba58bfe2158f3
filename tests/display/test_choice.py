"""What a search shows when nobody says what it is to show."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import archdsl
from archdsl.display.choice import for_python
from archdsl.display.live import LiveDisplay
from archdsl.display.plain import PlainDisplay
from archdsl.errors import SearchError
from archdsl.study.events import Finished, Notice, Said, Started, TrialRetried
from archdsl.views.notebook import in_notebook

SPEC = {
    "archdsl": 1, "name": "tiny", "input": [1, 8, 8], "classes": 2, "head": "linear",
    "stem": {"type": "conv", "kernel": 3},
    "block": {"token_mixer": {"choice": ["pooling", "identity"]}, "channel_mixer": "mlp"},
    "stages": [{"dim": {"choice": [4, 8]}, "depth": 1}],
}  # fmt: skip


def search(**how: Any) -> Any:
    return archdsl.search(SPEC, lambda candidate: candidate.cost.params, trials=2, **how)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_from_python_it_shows_lines_on_standard_error_and_nothing_on_standard_output(capfd):
    search()
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[-2].startswith("trial 0  1 of 2  accuracy ")
    assert err.splitlines()[-1].startswith("trial 1  2 of 2  accuracy ")


def test_none_silences_it_and_a_function_is_called_instead(capfd):
    search(listener=None)
    heard: list[object] = []
    search(listener=heard.append)
    assert capfd.readouterr() == ("", "")
    assert [type(event) for event in heard if isinstance(event, (Started, Finished))] == [
        Started,
        Finished,
    ]


def test_it_can_be_asked_for_by_name_and_other_names_are_refused(capfd):
    search(listener="progress")
    assert "trial 1" in capfd.readouterr().err
    with pytest.raises(SearchError) as caught:
        search(listener="progres")
    assert str(caught.value) == "listener is a function, \"progress\" or None, and not 'progres'"


def test_on_a_terminal_it_is_a_table_that_is_drawn_anew(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    search()
    text = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "2 of 2 trials" in text and "answers" in text


def test_what_a_program_prints_into_a_file_stays_there_while_the_table_is_drawn(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdout", file := io.StringIO())

    def judge(candidate: archdsl.Candidate) -> float:
        print("judged", candidate.number)
        return 0.5

    archdsl.search(SPEC, judge, trials=2)
    assert file.getvalue() == "judged 0\njudged 1\n"
    assert sys.stdout is file


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


class ClosedTerminal(Terminal):
    def write(self, text: str) -> int:
        raise ValueError("I/O operation on closed file")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    "stream",
    [lambda: None, closed, Full, ClosedTerminal],
    ids=["none", "closed", "full", "closed terminal"],
)
def test_a_search_goes_on_where_nothing_can_be_shown(
    monkeypatch: pytest.MonkeyPatch, stream: Callable[[], Any]
) -> None:
    monkeypatch.setattr(sys, "stderr", stream())
    assert len(search().trials) == 2


def test_a_table_that_can_be_drawn_no_more_gives_standard_output_back(monkeypatch):
    monkeypatch.setattr(sys, "stdout", own := Terminal())
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    with for_python() as display:
        assert sys.stdout is not own  # rich has it, so that lines stand above the table
        monkeypatch.setattr(shown, "write", Full().write)
        display(Notice("lost"))
        assert sys.stdout is own


def test_the_same_display_is_chosen_for_a_stream_by_the_command_line(monkeypatch):
    from archdsl.display.choice import for_stream

    assert isinstance(for_stream(Terminal()), LiveDisplay)
    assert isinstance(for_stream(io.StringIO()), PlainDisplay)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """IPython as it is in the kernel of a notebook; what was drawn, one drawing after another."""
    drawn: list[str] = []

    class Handle:
        def update(self, html: str) -> None:
            drawn.append(html)

    def display(html: str, *, display_id: bool) -> Handle:
        assert display_id and not drawn, "one place, drawn anew"
        drawn.append(html)
        return Handle()

    ipython, displays = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    displays.HTML, displays.display = str, display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", displays)
    return drawn


def test_in_a_notebook_it_is_a_table_below_the_cell(kernel, capfd):
    search()
    assert capfd.readouterr() == ("", "")
    assert "2 of 2 trials" in kernel[-1]
    assert '<progress value="2" max="2">' in kernel[-1]
    assert "best so far: trial" in kernel[-1]


def test_what_a_notebook_is_given_is_escaped(kernel):
    with for_python() as display:
        display(Notice("<script>alert(1)</script>"))
    assert "&lt;script&gt;" in kernel[-1] and "<script" not in kernel[-1]


def test_what_workers_print_stands_where_the_program_prints(kernel, capsys):
    with for_python() as display:
        display(Said(3, "halfway"))
        display(Said(None, "ready"))
        display(TrialRetried(3, "killed: its worker was ended from outside (SIGKILL)"))
    assert capsys.readouterr() == ("trial 3: halfway\nready\n", "")
    assert "halfway" not in kernel[-1]
    assert "trial 3 is tried again: killed: its worker was ended from outside" in kernel[-1]


def test_ipython_on_a_terminal_is_no_notebook(kernel, monkeypatch):
    assert in_notebook()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: SimpleNamespace())
    assert not in_notebook()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: None)
    assert not in_notebook()


NOTEBOOK = """
import json, sys
import nbclient, nbformat

cells = [nbformat.v4.new_code_cell(cell) for cell in json.load(sys.stdin)]
nb = nbformat.v4.new_notebook(cells=cells)
nbclient.NotebookClient(nb, timeout=300, kernel_name="own").execute()
print(json.dumps([cell.outputs for cell in nb.cells]))
"""


@pytest.mark.slow
def test_in_a_real_kernel_a_search_leaves_one_table_and_its_result(tmp_path, monkeypatch):
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    spec = tmp_path / "kernels" / "own"
    spec.mkdir(parents=True)
    started = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": started, "display_name": "own", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    of_tqdm = "import warnings; warnings.filterwarnings('ignore', 'IProgress not found')"
    cells = [
        of_tqdm,  # it asks for ipywidgets where there are none
        f"import archdsl\nspec = {SPEC!r}\njudge = lambda candidate: candidate.cost.params",
        "archdsl.search(spec, judge, trials=2)",
        "archdsl.search(spec, judge, trials=2, listener=None)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", NOTEBOOK],
        input=json.dumps(cells), capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    _, _, shown, silent = json.loads(done.stdout)
    assert [output["output_type"] for output in shown] == ["display_data", "execute_result"]
    assert "2 of 2 trials" in shown[0]["data"]["text/html"]
    assert shown[1]["data"]["text/plain"].startswith("<Result: 2 trials, the best is ")
    assert [output["output_type"] for output in silent] == ["execute_result"]
