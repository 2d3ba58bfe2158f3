"""Regret against trials, of archdsl's samplers and others, on problems with a known optimum.

    python -m benchmarks.compare RECORD.jsonl [--problems analytic ...] [--samplers tpe ...]
                                 [--seeds 20] [--trials 200]
    python -m benchmarks.compare RECORD.jsonl --space SPEC.yaml --answers TABLE.csv
                                 --metric COLUMN [--cost macs=COLUMN] [--fits 0.5] ...
    python -m benchmarks.plot RECORD.jsonl

The second is on a table of your own; README.md says how that looks. The record is compared.jsonl
where none is named. Every run adds one line to it, and what is in it already is not run again. A
proposal outside the budget, or one that was made before, is a trial spent for nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from archdsl.amounts import bounded
from archdsl.data.fingerprint import digest_of
from archdsl.errors import ArchError
from benchmarks.analytic import analytic
from benchmarks.opponents import SAMPLERS as OPTUNA
from benchmarks.opponents import optuna_run
from benchmarks.ours import Tried, ours, rejection
from benchmarks.problem import Problem
from benchmarks.synthetic import synthetic
from benchmarks.trained import FITS, trained, trained_once

PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "analytic": lambda seed: analytic(5),  # the samplers were worked on with others
    **{f"trained {name}": lambda seed, name=name: trained(name) for name in FITS},
    **{f"once {name}": partial(trained_once, name) for name in FITS},
    **{
        f"synthetic {name}": lambda seed, fits=fits: synthetic("poolformer_search", fits)
        for name, fits in {"loose": 0.9, "half": 0.5, "tight": 0.1}.items()
    },
}
"""By name and the seed of the search, which may change what it sees and no more."""

OURS = ("random", "evolution", "tpe", "gp")

ALONE: dict[str, Callable[[Problem, int], Tried]] = {
    **{name: ours(name) for name in OURS},
    "evolution with rejection": rejection,
    **{name: optuna_run(make) for name, make in OPTUNA.items()},
}
"""One trial after another."""

SAMPLERS = ALONE | {f"{name}, 8 workers": ours(name, workers=8) for name in OURS}


def run(problem: Problem, sampler: str, seed: int, trials: int) -> dict[str, Any]:
    """One search. regret: after each trial, of what it takes for the best inside so far."""
    best, worth, regret, good = -math.inf, problem.worst, list[float](), list[int]()
    begun = time.process_time()
    for decisions, was_good, value in itertools.islice(SAMPLERS[sampler](problem, seed), trials):
        if was_good and value > best:
            best, worth = value, problem.judged(decisions)
        regret.append(round(problem.best - worth, 6))
        good.append(int(was_good))
    seconds = round(time.process_time() - begun, 2)
    return {
        "problem": problem.name, "sampler": sampler, "seed": seed, "trials": trials,
        "cpu_seconds": seconds, "inside_and_new": sum(good), "regret": regret,
    }  # fmt: skip


def on_answers(given: argparse.Namespace) -> dict[str, Callable[[int], Problem]]:
    """The problems on a table that was named. Raises ArchError."""
    import archdsl
    from benchmarks.answers import Answers, Columns
    from benchmarks.from_answers import problems

    space = archdsl.space(given.space)
    costs = _costs(given.cost)
    columns = Columns(tuple(given.metric), costs, tuple(given.ignore))
    found = Answers(given.answers, space, columns)
    print(f"{given.answers}: {found.words()}", flush=True)
    for kind, column in costs.items():
        print(f"{column} is {kind} as archdsl counts them, in every row", flush=True)
    if found.missing:
        print(f"{found.missing:,} members that it lacks count as its worst", flush=True)
    return problems(found, given.trials, given.fits, given.minimize, given.missing)


def _costs(words: Sequence[str]) -> dict[str, str]:
    """Kind -> column. Raises ArchError."""
    found: dict[str, str] = {}
    for text in words:
        kind, equals, column = text.partition("=")
        if not (equals and column) or kind not in bounded():
            raise ArchError(
                f"--cost {text} names no cost and column.  write  --cost macs=COLUMN;  the costs: "
                f"{' '.join(bounded())}"
            )
        if kind in found:
            raise ArchError(f"--cost names {kind} twice.  name one column")
        found[kind] = column
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("record", type=Path, nargs="?", default=Path("compared.jsonl"))
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS)
    parser.add_argument("--samplers", nargs="+", default=list(ALONE), choices=SAMPLERS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=200)
    own = parser.add_argument_group("a table of your own")
    own.add_argument("--space", metavar="SPEC", help="a path, or the name of a shipped spec")
    own.add_argument("--answers", metavar="TABLE.csv", type=Path)
    own.add_argument("--metric", metavar="COLUMN", nargs="+", help="one for each seed")
    own.add_argument("--minimize", action="store_true", help="less of it is better")
    own.add_argument("--cost", metavar="KIND=COLUMN", nargs="+", default=[],
                     help="columns to be held against what archdsl counts")  # fmt: skip
    own.add_argument("--ignore", metavar="COLUMN", nargs="+", default=[])
    own.add_argument("--fits", metavar="SHARE", nargs="+", type=_share, default=[],
                     help="of the table that a budget of MACs lets in")  # fmt: skip
    own.add_argument("--missing", choices=("refuse", "worst"), default="refuse",
                     help="what becomes of members that the table lacks")  # fmt: skip
    return parser


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from above 0 to 1")
    return share


def main(words: Sequence[str] | None = None) -> None:
    """Run what the record lacks. words: of the command line, `sys.argv` by default"""
    parser = _parser()
    given = parser.parse_args(words)
    own = (given.space, given.answers, given.metric)
    if any(own) and (not all(own) or given.problems):
        parser.error("a table takes --space, --answers and --metric together, and no --problems")
    more = given.cost or given.ignore or given.fits or given.minimize or given.missing != "refuse"
    if not all(own) and more:
        parser.error("--cost, --ignore, --fits, --minimize and --missing are for --answers")
    try:
        _run_all(given, on_answers(given) if all(own) else PROBLEMS)
    except ArchError as error:
        parser.exit(2, f"{error}\n")


def _question(given: argparse.Namespace) -> str | None:
    """What is asked of a table of one's own, in few letters; None of ours, which have names."""
    if given.answers is None:
        return None
    asked = [given.space, given.metric, given.minimize, given.missing, given.ignore, given.trials]
    return digest_of(given.answers.read_bytes() + json.dumps(asked).encode())


def _run_all(given: argparse.Namespace, problems: Mapping[str, Callable[[int], Problem]]) -> None:
    """Run the searches that the record lacks, a line each."""
    known, question = set(), _question(given)
    if given.record.exists():
        for line in given.record.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            if question is not None and one.get("question") != question:
                raise ArchError(
                    f"{given.record} has searches of another table, metric or number of trials.  "
                    "name another record"
                )
            known.add((one["problem"], one["sampler"], one["seed"]))
    for name in given.problems or problems:
        for seed, sampler in itertools.product(range(given.seeds), given.samplers):
            problem = problems[name](seed)
            if (problem.name, sampler, seed) in known:
                continue
            record = run(problem, sampler, seed, given.trials)
            if question is not None:
                record["question"] = question
            with given.record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(
                f"{problem.name}  {sampler}  seed {seed}  regret {record['regret'][-1]:.4f}  "
                f"{record['inside_and_new']} of {given.trials} inside and new  "
                f"{record['cpu_seconds']} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
