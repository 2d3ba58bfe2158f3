"""Where output cannot go, that is said in words, and the exit code is 2."""

from __future__ import annotations

import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.checkpoints.files import write as write_weights
from archdsl.errors import ArchError, BuildError, ExportError
from archdsl.exporters.files import write
from tests import started
from tests.soon import soon

FULL = pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
FILLED = (
    "standard output cannot be written: no space left on device.  send it elsewhere, as with  "
    "> FILE\n"
)
CLOSED = "standard output cannot be written: it is closed.  send it elsewhere, as with  > FILE\n"
LINES = ["list norm --json", "export {tiny}", "--help"]


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command line of a shell leaves, with `archdsl` as the command.

    What needs no torch is said by a real interpreter, in a tenth of a second.
    """
    light = line.startswith(("archdsl --help", "archdsl --version"))
    python = [sys.executable] if light else started.python()
    return subprocess.run(
        ["bash", "-c", line.replace("archdsl", shlex.join([*python, "-m", "archdsl"]), 1)],
        capture_output=True, text=True, env={**os.environ, **environment}, check=False,
    )  # fmt: skip


@FULL
@pytest.mark.parametrize("line", LINES)
def test_a_full_disk_under_standard_output_is_told_in_words(line: str, tiny: Path) -> None:
    done = shell(f"archdsl {line.format(tiny=tiny)} > /dev/full")
    assert (done.returncode, done.stderr) == (2, FILLED)


@pytest.mark.parametrize("line", LINES)
def test_a_closed_standard_output_is_told_in_words(line: str, tiny: Path) -> None:
    done = shell(f"archdsl {line.format(tiny=tiny)} >&-")
    assert (done.returncode, done.stderr) == (2, CLOSED)
    assert shell("archdsl --version >&- 2>&-").returncode == 2


@FULL
@pytest.mark.parametrize("to", soon(["2>&-", "2>/dev/full", "<&- 2>&-", "<&-"], ["2>/dev/full"]))
def test_an_answer_needs_no_standard_error(to: str, tiny: Path) -> None:
    done = shell(f"archdsl check {tiny} {to}")
    assert (done.returncode, done.stdout) == (0, f"{tiny}: right, one architecture\n")
    wrong = shell(f"archdsl check {tiny}x {to}")
    assert (wrong.returncode, wrong.stdout) == (2, "")


def test_a_stream_in_ascii_gets_text_escaped(tiny: Path) -> None:
    shown = shell(f"archdsl show {tiny}", PYTHONIOENCODING="ascii")
    assert (shown.returncode, shown.stdout.isascii()) == (0, True)
    assert "1\\xd78\\xd78 \\u2192 10 classes" in shown.stdout


@pytest.mark.slow
def test_a_stream_in_ascii_gets_no_broken_file(tiny: Path, tmp_path: Path) -> None:
    space = tmp_path / "attends.yaml"
    space.write_text(f"archdsl: 1\nextends: {tiny}\nblock.token_mixer: {{type: spatial_mlp}}\n")
    done = shell(f"archdsl export {space}")
    assert done.returncode == 0
    if not done.stdout.isascii():
        done = shell(f"archdsl export {space}", PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("standard output is ascii, and the text has '\\")
        assert done.stderr.endswith(
            "'.  write it to a file with  -o, or set PYTHONIOENCODING=utf-8\n"
        )


@FULL
@pytest.mark.slow
def test_a_search_whose_log_is_full_ends_in_words_and_goes_on(
    tiny_space: Path, tmp_path: Path
) -> None:
    words = f"archdsl search {tiny_space} --set search.trials=1 --set input=[1,12,12] --out"
    done = shell(f"{words} {tmp_path / 'plain'} > /dev/full")
    assert (done.returncode, done.stderr.splitlines()[-1] + "\n") == (2, FILLED)
    assert shell(f"{words} {tmp_path / 'plain'}").returncode == 0
    log = shell(f"{words} {tmp_path / 'json'} --json 2> /dev/full")
    assert log.returncode == 2
    assert '"message": "standard error cannot be written: no space left on device.' in log.stdout


def refusal(path: Path, kind: str) -> str:
    with pytest.raises(ArchError) as caught:
        if kind == "export":
            write(path, "text")
        else:
            write_weights(path, {})
    assert isinstance(caught.value, ExportError if kind == "export" else BuildError)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["export", "weights"])
def test_a_place_that_takes_no_file_is_told_in_words(tmp_path: Path, kind: str) -> None:
    folder, file = tmp_path / "folder.pth", tmp_path / "file"
    folder.mkdir()
    file.touch()
    what = "name a file in it" if kind == "export" else "name another file"
    assert refusal(folder, kind) == f"{folder}: this is a folder.  {what}"
    for place, reason in (
        (tmp_path / "no" / "a.pth", "No such file or directory"),
        (file / "a.pth", "Not a directory"),
    ):
        said = f"{place}: cannot be written ({reason}).  choose another place"
        assert refusal(place, kind) == said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.pth"]


@pytest.mark.parametrize("kind", ["export", "weights"])
def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path, kind: str) -> None:
    pipe = tmp_path / "pipe.pth"
    os.mkfifo(pipe)
    assert refusal(pipe, kind).startswith(f"{pipe}: ")
    assert pipe.is_fifo()


def test_a_pipe_that_somebody_reads_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    keeper = os.open(pipe, os.O_RDWR)
    write(pipe, "text")
    assert os.read(keeper, 4) == b"text" and pipe.is_fifo()
    os.close(keeper)


@FULL
def test_a_device_stays_what_it_is(tmp_path: Path) -> None:
    link = tmp_path / "full"
    link.symlink_to("/dev/full")
    assert refusal(link, "export") == (
        f"{link}: cannot be written (No space left on device).  choose another place"
    )
    assert link.is_symlink() and link.is_char_device()


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    write(path, "old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limit[1]))
    try:
        said = refusal(path, "export")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert said == f"{path}: cannot be written (File too large).  choose another place"
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.slow
def test_a_cache_that_takes_nothing_changes_no_answer(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = [
        shell(f"archdsl count {tiny}", ARCHDSL_CACHE=str(place))
        for place in (tmp_path / "cache", tmp_path / "file", Path("/proc/nowhere"))
    ]
    assert [one.returncode for one in told] == [0, 0, 0]
    assert len({one.stdout for one in told}) == 1 and not any(one.stderr for one in told)
