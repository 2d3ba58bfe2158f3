"""`archdsl bench SPEC ...`: what is printed, and what is refused in words."""

from __future__ import annotations

import csv
import io
import sys
import threading

import pytest

import archdsl
from archdsl.benchmarking.latency import Latency
from archdsl.benchmarking.ratio import PairedRatio
from archdsl.benchmarking.result import Benchmark
from archdsl.benchmarking.row import TimedSubject

SHORT = ("--rounds", 2, "--seconds", 0, "--size", 32, "--threads", 1)

MINE = """\
from torch import nn
import archdsl

@archdsl.token_mixer("three_at_most")
class ThreeAtMost(nn.Module):
    \"\"\"Takes batches of up to three.\"\"\"

    def __init__(self, dim: int):
        super().__init__()

    def forward(self, x):
        if x.shape[0] > 3:
            raise ValueError("too many\\nand more")
        return x

@archdsl.token_mixer("stopped")
class Stopped(nn.Module):
    \"\"\"Somebody presses Ctrl-C in its fortieth pass.\"\"\"

    passes = 0

    def __init__(self, dim: int):
        super().__init__()

    def forward(self, x):
        Stopped.passes += 1
        if Stopped.passes == 40:
            raise KeyboardInterrupt
        return x

@archdsl.token_mixer("worn")
class Worn(nn.Module):
    \"\"\"Fails in its fortieth pass.\"\"\"

    passes = 0

    def __init__(self, dim: int):
        super().__init__()

    def forward(self, x):
        Worn.passes += 1
        if Worn.passes == 40:
            raise ValueError("worn out")
        return x
"""


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    """Temporary paths are long."""
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def mine(tiny):
    """`mine("stopped")`: the tiny spec with a mixer of the user's own."""
    (tiny.parent / "mine_bench.py").write_text(MINE)
    text = tiny.read_text()

    def of(mixer: str):
        path = tiny.parent / f"{mixer}.yaml"
        own = text.replace("pooling", mixer).replace(
            "name: tiny", "name: own\nimports: [./mine_bench.py]"
        )
        path.write_text(own)
        return path

    yield of
    sys.modules.pop("mine_bench", None)


def test_every_spec_has_a_row_and_is_held_against_the_first(run, tiny, tiny_space):
    done = run("bench", tiny, tiny_space, tiny, *SHORT)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("batch 1, eval, cpu (") and ", 1 thread, 2 rounds, " in lines[0]
    assert lines[2].split() == ["images/s", "p50", "p90", "p99", "ms", "memory", "MACs", "params"]
    assert [line.split()[0] for line in lines[3:6]] == list(map(str, (tiny, tiny_space, tiny)))
    assert lines[3].split()[-2:] == ["1.16M", "3.18k"]
    assert lines[7] == f"times as fast as {tiny} (99.9% intervals):"
    assert all(line.endswith("  not told apart") for line in lines[8:10])
    assert lines[11:] == [
        f"{tiny_space}: a space, timed at its default member",
        "fewer than 11 rounds tell nothing apart",
    ]


def test_as_json_it_has_every_round_and_its_version(run, tiny):
    data = run("bench", tiny, tiny, "--batch", "1,3", "--form", "built,code", *SHORT, "--json").data
    assert data["format"] == 1
    assert data["settings"] == {
        "mode": "eval", "device": "cpu", "threads": 1, "rounds": 2, "seconds": 0.0,
    }  # fmt: skip
    assert {"torch", "archdsl", "cpu", "device"} <= set(data["machine"])
    rows = data["rows"]
    assert [(row["batch"], row["form"]) for row in rows] == [
        (batch, form) for batch in (1, 3) for _ in range(2) for form in ("built", "code")
    ]
    cost = archdsl.count(archdsl.load(tiny, set={"input": [1, 32, 32]}))
    for row in rows:
        assert (row["spec"], row["name"], row["input"]) == (str(tiny), "tiny", [1, 32, 32])
        assert (row["macs"], row["params"]) == (cost.macs, cost.params)
        assert len(row["seconds"]) == 2 and row["memory"] > 4 * cost.params
        assert (row["ratio"] is None) == (row is rows[0] or row is rows[4])
    assert {row["memory"] for row in rows[:4]} == {rows[0]["memory"]}


def test_the_rows_go_into_a_file(run, tiny, tmp_path):
    out = tmp_path / "times.csv"
    assert run("bench", tiny, tiny, *SHORT, "-o", out).code == 0
    one, other = csv.DictReader(io.StringIO(out.read_text()))
    assert one["spec"] == str(tiny) and float(one["images_per_second"]) > 0
    assert (one["ratio"], other["finding"]) == ("", "not told apart")


@pytest.mark.parametrize("form", ["built", "fused", "code"])
@pytest.mark.parametrize(
    "change",
    ["classes=0", "input=[1, 32, 48]", "input=[5, 7, 33]", "block.norm=batch_norm"],
)  # fmt: skip
def test_networks_of_all_sorts_are_timed(run, tiny, form, change):
    done = run("bench", tiny, "--set", change, "--form", form, "--batch", "1,6", *SHORT[:4])
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("form", ["built", "code"])
def test_training_is_timed(run, tiny, form):
    done = run("bench", tiny, "--mode", "train", "--form", form, "--batch", "2", *SHORT, "--json")
    eval_ = run("bench", tiny, "--form", form, "--batch", "2", *SHORT, "--json")
    (row,), (other,) = done.data["rows"], eval_.data["rows"]
    assert done.data["settings"]["mode"] == "train"
    assert row["memory"] > other["memory"]


def test_onnx_is_timed_beside_it(run, tiny):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    done = run("bench", tiny, "--form", "built,onnx", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()[3:5]] == ["built", "onnx"]
    assert "memory of onnx is by how much a process of its own grows" in done.out


@pytest.mark.slow
def test_a_compiled_module_is_timed_beside_it(run, tiny):
    done = run("bench", tiny, "--compile", *SHORT)
    assert (done.code, done.err) == (0, "")
    assert [line.split("  ")[0] for line in done.out.splitlines()[3:5]] == [
        "built", "built compiled",
    ]  # fmt: skip


def test_images_of_another_size_are_said(run, tiny):
    other = tiny.with_name("other.yaml")
    other.write_text(tiny.read_text().replace("input: [1, 8, 8]", "input: [1, 16, 8]"))
    said = "the images differ: 1×8×8, 1×16×8.  --size gives all of them one size"
    assert said in run("bench", tiny, other, *SHORT[:4]).out
    assert "the images differ" not in run("bench", tiny, other, *SHORT).out


WRONG = {
    ("--batch", "0"): "batch is an int from 1 to 1,000,000, and not 0",
    ("--batch", "1,"): "--batch is ''.  write a number, as in  --batch 8",
    ("--batch", "2,2"): "batch 2 is named twice.  name it once",
    ("--form", "built,cod"): "there is no form 'cod' to time.  did you mean 'code'?  choose from: "
    "built fused code onnx",
    ("--form", "code,code"): "form code is named twice.  name it once",
    ("--form", "onnx", "--compile"): "compile is about torch's modules, and onnx is none.  leave "
    "one out",
    ("--form", "fused", "--mode", "train"): "form fused: it is not trained.  leave it out, or "
    "time it in the mode eval",
    ("--mode", "test"): "mode is eval or train, and not 'test'.  choose one of them",
    ("--device", "gpu"): "device is cpu, cuda, cuda:N or mps, and not 'gpu'.  choose one of them",
    ("--size", "8x8x8"): "size is one number, or height and width, and not [8, 8, 8].  write  32  "
    "or  (32, 48)",
    ("--size", "8", "--set", "input=[1, 9, 9]"): "--size and --set input both say how large images "
    "are.  leave one out",
    ("--size", "x"): "--size is ''.  write a number, as in  --size 8",
    ("--threads", "many"): "--threads is 'many'.  write a number, as in  --threads 8",
    ("--rounds", "-1"): "rounds is an int from 1 to 1,000,000, and not -1",
    ("--seconds", "nan"): "seconds is a number from 0 to 3,600, and not nan",
    ("--out", "times.txt"): "--out is 'times.txt'.  name a file, as in  --out times.csv",
    ("--out", "nowhere/x.csv"): "--out is 'nowhere/x.csv', and there is no folder 'nowhere'",
}


@pytest.mark.parametrize("more", WRONG, ids=" ".join)
def test_what_is_asked_wrongly_is_told_in_words(run, tiny, more):
    done = run("bench", tiny, *more)
    assert (done.code, done.out, done.err) == (2, "", f"{WRONG[more]}\n")


def test_what_is_asked_rightly_is_measured(run, tiny, tmp_path):
    more = ("--batch", "2,1", "--form", "code,built", "--mode", "eval", "--device", "cpu",
            "--size", "8x16", "--threads", "1", "--rounds", "1", "--seconds", "0",
            "--out", tmp_path / "x.csv")  # fmt: skip
    assert run("bench", tiny, *more).code == 0


def test_a_network_that_fails_is_told_before_anything_is_timed(run, mine, tiny):
    own = mine("three_at_most")
    assert run("bench", tiny, own, "--batch", "1,3", *SHORT).code == 0
    done = run("bench", tiny, own, "--batch", "4", *SHORT)
    assert (done.code, done.out, done.err) == (
        2, "", f"{own}: a batch of 4 in eval cannot be run (ValueError: too many).  mend it, or "
        "leave it out\n",
    )  # fmt: skip


def test_a_network_that_fails_in_the_middle_is_told_in_words(run, mine):
    own = mine("worn")
    done = run("bench", own, "--rounds", 100, "--seconds", 0)
    assert (done.code, done.out, done.err) == (
        2, "", f"{own}: a batch of 1 in eval cannot be run (ValueError: worn out).  mend it, or "
        "leave it out\n",
    )  # fmt: skip


def test_ctrl_c_in_the_middle_is_130_without_a_traceback(run, mine):
    done = run("bench", mine("stopped"), "--rounds", 100, "--seconds", 0)
    assert (done.code, done.out, done.err) == (130, "", "interrupted\n")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_beside_a_pass(run, monkeypatch, tiny):
    from archdsl.benchmarking import measure

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    at_work, seconds_of = [], measure.seconds_of

    def watched(work, device):
        at_work.append(threading.active_count())
        return seconds_of(work, device)

    monkeypatch.setattr(measure, "seconds_of", watched)
    before = threading.active_count()
    assert run("bench", tiny, *SHORT).code == 0
    assert "round 2 of 2" in terminal.getvalue() and set(at_work) == {before}


def test_an_operator_without_a_rule_is_timed_and_not_counted(run, monkeypatch, tiny):
    from archdsl.errors import CountError

    def uncounted(network):
        raise CountError("token_mixer: no rule for aten::mine")

    monkeypatch.setattr("archdsl.benchmarking.benchmark.count", uncounted)
    done = run("bench", tiny, *SHORT)
    assert done.code == 0
    assert done.out.splitlines()[3].split()[-2:] == ["-", "-"]
    assert f"{tiny}: not counted: token_mixer: no rule for aten::mine" in done.out.splitlines()


def test_threads_and_random_numbers_are_as_they_were(tiny):
    import torch

    torch.manual_seed(5)
    before = torch.get_num_threads(), torch.get_rng_state()
    archdsl.bench(tiny, threads=before[0] + 1, rounds=1, seconds=0)
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_it_trains_also_where_the_caller_wants_no_gradients(tiny):
    import torch

    with torch.inference_mode():
        assert archdsl.bench(tiny, mode="train", rounds=1, seconds=0).rows


def row(spec: str, ratio: PairedRatio | None, form: str = "built", **more) -> TimedSubject:
    known = {
        "spec": spec, "name": "tiny", "form": form, "compiled": False, "batch": 8,
        "input": (3, 8, 8), "macs": 1_812_267_008, "params": None, "images_per_second": 1234.5,
        "seconds": (0.1,), "passes": 5, "latency": Latency(0.0123, 0.5, None),
        "memory": 129_500_000, "ratio": ratio,
    }  # fmt: skip
    return TimedSubject(**{**known, **more})


def benchmark(*rows: TimedSubject, notes: tuple[str, ...] = ()) -> Benchmark:
    settings = {"mode": "eval", "threads": 2, "rounds": 20}
    return Benchmark(rows, settings, {"device": "cpu (AVX2)", "torch": "2.13.0"}, notes)


TABLE = """\
batch 8, eval, cpu (AVX2), 2 threads, 20 rounds, torch 2.13.0

                images/s   p50  p90  p99 ms  memory   MACs  params
poolformer_s12     1,234  12.3  500       -  130 MB  1.81G       -
caformer_s18       1,234  12.3  500       -       -  1.81G       -
other              1,234  12.3  500       -  130 MB  1.81G       -

times as fast as poolformer_s12 (99.9% intervals):
  caformer_s18  0.50 (0.45 to 0.55)     slower
  other         1.004 (0.995 to 1.031)  not told apart
"""


def test_the_table_fits_eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = benchmark(
        row("poolformer_s12", None),
        row("caformer_s18", PairedRatio(0.5, 0.45, 0.55), memory=None),
        row("other", PairedRatio(1.004, 0.995, 1.031)),
    )
    assert f"{found}\n" == TABLE
    assert repr(found).startswith("<Benchmark poolformer_s12 built ×8: 1.23e+03 images/s; ")


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_no_table_is_wider_than_its_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    rows = [row("a/long/path/of.yaml", None), row("a/long/path/of.yaml", None, form="code")]
    for line in str(benchmark(*rows, notes=("one " * 30,))).splitlines():
        assert len(line) <= columns


def test_rows_are_called_by_what_they_differ_in():
    def names(*rows: TimedSubject) -> list[str]:
        lines = str(benchmark(*rows)).splitlines()
        return [line.split("  ")[0] for line in lines[3 : 3 + len(rows)]]

    assert names(row("a", None), row("b", None)) == ["a", "b"]
    assert names(row("a", None), row("a", None, form="code")) == ["built", "code"]
    assert names(row("a", None), row("a", None)) == ["a", "a"]
    assert names(row("a", None), row("b", None, compiled=True)) == ["a built", "b built compiled"]
