"""Prints the figures of `README.md` from the table.

.venv/bin/python benchmarks/describe.py [TABLE]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean, median, variance

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scipy.stats import spearmanr

from benchmarks.table import Table

MIXERS = ("identity", "pooling", "sep_conv", "attention")


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's."""
    return float(spearmanr(one, other).statistic)


def chance(table: Table) -> None:
    """What is noise, and what is not."""
    entries, noise = list(table), table.noise
    seeds = list(zip(*(entry.finals for entry in entries), strict=True))
    means = [fmean(entry.finals) for entry in entries]
    upper = [entry for entry, mean in zip(entries, means, strict=True) if mean > median(means)]
    upper_noise = fmean(variance(entry.finals) for entry in upper) ** 0.5
    pairs = [rank_correlation(one, other) for one, other in combinations(seeds, 2)]
    print(f"sd between seeds of a member       {noise.seeds:.4f} (better half {upper_noise:.4f})")
    print(f"sd of a member's mean over {len(seeds)} seeds {noise.means:.4f}")
    print(f"sd between members' means          {noise.members:.4f}")
    print(f"their ratio                        {noise.members / noise.means:.1f}")
    print(f"chance's share of the variance     {noise.share:.1%}")
    print(f"rank correlation of two seeds      {', '.join(f'{pair:.3f}' for pair in pairs)}")
    print(f"mean of each seed                  {', '.join(f'{fmean(s):.3f}' for s in seeds)}")
    macs = rank_correlation([entry.macs for entry in entries], means)
    print(f"rank correlation with MACs         {macs:.3f}")


def spread(table: Table) -> None:
    """Costs, accuracies, and the best inside three budgets."""
    ranked = sorted(table, key=lambda entry: entry.macs)
    means = [fmean(entry.finals) for entry in ranked]
    print(f"MACs {ranked[0].macs} to {ranked[-1].macs}, ", end="")
    print(f"params {min(e.params for e in ranked)} to {max(e.params for e in ranked)}")
    print(f"accuracy {min(means):.3f} to {max(means):.3f}, median {median(means):.3f}")
    for fit in sorted({len(ranked), len(ranked) // 2, min(300, len(ranked))}, reverse=True):
        limit = ranked[fit - 1].macs
        inside = [entry for entry in ranked if entry.macs <= limit]
        best = max(inside, key=lambda entry: fmean(entry.finals))
        finals = " ".join(f"{final:.3f}" for final in best.finals)
        print(f"best of {len(inside)} inside {limit}: {fmean(best.finals):.3f} ({finals})", end="")
        print(f" {best.macs} MACs {' '.join(str(a) for a in best.decisions.values())}")
    seconds = sum(entry.seconds for entry in ranked)
    print(f"{seconds:.0f} s of CPU time, {seconds / len(ranked):.2f} s a member")


def epochs(table: Table) -> None:
    """How early the last epoch's order shows, in the accuracy and in a low loss."""
    curves = [table.curve(entry.decisions) for entry in table]
    losses = [[-fmean(epoch) for epoch in zip(*entry.loss, strict=True)] for entry in table]
    last = [curve[-1] for curve in curves]
    both = zip(zip(*curves, strict=True), zip(*losses, strict=True), strict=True)
    for at, (values, low) in enumerate(both):
        correlation = f"{rank_correlation(values, last):.2f} | {rank_correlation(low, last):.2f}"
        print(f"| {at + 1} | {median(values):.3f} | {max(values):.3f} | {correlation} |")


def mixers(table: Table) -> None:
    """Median and best of the members with a mixer in a stage."""
    for mixer in MIXERS:
        cells = []
        for stage in range(3):
            address = f"stages.{stage}.token_mixer"
            those = [fmean(e.finals) for e in table if e.decisions[address] == mixer]
            cells.append(f"{median(those):.3f} ({max(those):.3f})")
        print(f"| {mixer} | {' | '.join(cells)} |")


if __name__ == "__main__":
    read = Table.load(*map(Path, sys.argv[1:]))
    for part in (chance, spread, epochs, mixers):
        part(read)
        print()
