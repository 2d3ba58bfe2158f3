"""A forked program is what an interpreter of its own would have been."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import started

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real interpreters elsewhere")

SELF = """
import json, os, resource, signal, sys
def stream(one):
    if one is None:
        return None
    return [one.encoding, one.errors, one.fileno(), one.line_buffering, one.write_through,
            one.name, one.buffer.mode, one.isatty()]
os.umask(umask := os.umask(0o077))
found = {
    "argv": sys.argv, "orig_argv": sys.orig_argv[1:], "path": sys.path, "name": __name__,
    "main": sys.modules["__main__"].__dict__ is globals(), "file": globals().get("__file__"),
    "streams": [stream(one) for one in (sys.stdin, sys.stdout, sys.stderr)],
    "same": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__],
    "folder": os.getcwd(), "mine": os.environ.get("MINE"), "none": "HOME" in os.environ,
    "umask": umask, "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "open": sorted(map(int, os.listdir("/proc/self/fd")))[:3], "warnings": sys.warnoptions,
    "signals": [str(signal.getsignal(one)) for one in sorted(signal.valid_signals())],
    "threads": len(os.listdir("/proc/self/task")),
    "archdsl": [name for name in sys.modules if name.partition(".")[0] == "archdsl"],
}
with open(OUT, "w") as file:
    json.dump(found, file)
"""


def both(folder: Path, *words: str, tail: str = "", **given: Any) -> list[Any]:
    """What a program finds in an interpreter of its own, and what in a fork."""
    found = []
    for number, python in enumerate([[sys.executable], started.python()]):
        out = folder / str(number)
        line = shlex.join([*python, *(word.replace("OUT", repr(str(out))) for word in words)])
        done = subprocess.run(
            ["bash", "-c", f"exec {line} {tail}"], capture_output=True, check=False, **given
        )
        seen = json.loads(out.read_text()) if out.exists() else None
        text = json.dumps(seen).replace(str(out), "OUT")
        found.append((json.loads(text), done.returncode, done.stdout, done.stderr))
    return found


@pytest.mark.parametrize("tail", ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null"])
def test_it_finds_what_a_real_one_finds(tmp_path: Path, tail: str) -> None:
    real, forked = both(tmp_path, "-c", SELF, "a", "-b", tail=tail, input=b"")
    assert real == forked and real[1] == 0
    assert real[0]["streams"].count(None) == tail.count("&-")


@pytest.mark.parametrize("how", ["file", "module"])
def test_so_do_files_and_modules(tmp_path: Path, how: str) -> None:
    (tmp_path / "mine.py").write_text(SELF.replace("OUT", "sys.argv[1] + '.json'"))
    words = ["-m", "mine"] if how == "module" else ["mine.py"]
    found = []
    for python in ([sys.executable], started.python()):
        out = tmp_path / "out.json"
        subprocess.run([*python, *words, "out"], cwd=tmp_path, check=True, stdin=subprocess.DEVNULL)
        found.append(json.loads(out.read_text()))
        out.unlink()
    assert found[0] == found[1]


def test_what_it_is_given_is_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "MINE": "1", "PYTHONIOENCODING": "ascii:replace"}
    del environment["HOME"]
    before = os.umask(0o027)
    try:
        real, forked = both(tmp_path, "-c", SELF, env=environment, cwd=tmp_path)
    finally:
        os.umask(before)
    assert real == forked
    found = forked[0]
    assert (found["mine"], found["none"], found["umask"]) == ("1", False, 0o027)
    assert found["folder"] == str(tmp_path) and found["streams"][1][:2] == ["ascii", "replace"]


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("import sys; print(sys.stdin.read(), end=''); sys.exit(7)", 7),
        ("import sys; sys.exit('in words')", 1),
        ("import os; os._exit(3)", 3),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15),
        ("import atexit; atexit.register(print, 'at the end')", 0),
        ("print('told' * 30_000)", 0),
        ("import sys; sys.stderr.write('\\xe9\\udc80'); sys.stdout.write('\\xe9')", 0),
    ],
)
def test_it_ends_as_a_real_one_ends(tmp_path: Path, program: str, code: int) -> None:
    real, forked = both(tmp_path, "-c", program, input=b"given")
    assert real == forked and real[1] == code


def test_an_error_is_a_traceback_and_1(tmp_path: Path) -> None:
    real, forked = both(tmp_path, "-c", "raise ValueError('mine')")
    assert real[1] == forked[1] == 1
    assert real[3].splitlines()[-1] == forked[3].splitlines()[-1] == b"ValueError: mine"


def test_a_disk_that_is_full_is_found_at_the_end(tmp_path: Path) -> None:
    real, forked = both(tmp_path, "-c", "print('told')", tail="> /dev/full")
    assert real[1] == forked[1] != 0 and b"No space left on device" in forked[3]


HEAVY = "import sys; print('torch' in sys.modules, 'archdsl' in sys.modules)"


def test_it_has_torch_and_nothing_of_archdsl() -> None:
    done = subprocess.run([*started.python(), "-c", HEAVY], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True False\n", "")


@pytest.mark.parametrize("told", [{"PYTHONHASHSEED": "4711"}, {"OMP_NUM_THREADS": "7"}, {}])
def test_what_a_fork_cannot_take_on_starts_a_real_one(told: dict[str, str]) -> None:
    options = [] if told else ["-I"]
    done = subprocess.run(
        [*started.python(), *options, "-c", HEAVY], env={**os.environ, **told},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "False False\n"


def test_it_is_killed_with_whoever_waits_for_it(tmp_path: Path) -> None:
    program = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with subprocess.Popen([*started.python(), "-c", program], stdout=subprocess.PIPE) as waiting:
        assert waiting.stdout is not None
        pid = int(waiting.stdout.readline())
        waiting.kill()
        assert waiting.stdout.read() == b""  # which ends when nobody is left who writes
    while Path(f"/proc/{pid}").exists():
        pass
