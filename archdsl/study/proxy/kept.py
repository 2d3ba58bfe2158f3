"""What is lost where only the best few by the proxy are trained under the final schedule."""

from __future__ import annotations

import numpy as np

from archdsl.study.proxy.agreement import Agreement, Floats, interval_of


def loss_of_keeping(proxy: Floats, truth: Floats, keep: int) -> Agreement:
    """The best of all less the best of the best few by one seed of the proxy, in the metric.

    proxy: (A, S), truth: (A,), more of either better; the mean over the seeds
    """
    once = np.ones((1, len(truth)))
    found = float(_lost(proxy, truth, keep, once)[0])
    return Agreement(found, interval_of(len(truth), lambda w: _lost(proxy, truth, keep, w)))


def _lost(proxy: Floats, truth: Floats, keep: int, counts: Floats) -> Floats:
    """The same in each resample (B, A), whose architectures are there once: (B,)."""
    there = counts > 0
    best = np.where(there, truth, -np.inf).max(axis=1)
    lost = []
    for scores in proxy.T:
        order = np.argsort(-scores, kind="stable")
        kept = there[:, order] & (np.cumsum(there[:, order], axis=1) <= keep)
        lost.append(best - np.where(kept, truth[order], -np.inf).max(axis=1))
    return np.asarray(np.mean(lost, axis=0))
