"""Percentiles are times that were, and none is given that so few passes do not have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archdsl.benchmarking.latency import Latency, latency


def test_the_percentiles_of_a_thousand_passes():
    assert latency([n / 1000 for n in range(1, 1001)]) == Latency(0.501, 0.901, 0.991)


def test_one_slow_pass_of_a_hundred_is_the_99th_percentile():
    assert latency([1.0] * 99 + [50.0]) == Latency(1.0, 1.0, 50.0)


def test_few_passes_have_no_far_percentile():
    assert latency([1.0] * 99).p99 is None and latency([1.0] * 100).p99 == 1.0
    assert latency([1.0] * 9).p90 is None and latency([1.0] * 10).p90 == 1.0
    assert latency([3.0]) == Latency(3.0, None, None)


@given(st.lists(st.floats(1e-6, 1e3), min_size=100, max_size=300))
def test_so_many_of_a_hundred_end_within_each_and_each_was_measured(seconds):
    found = latency(seconds)
    for share, value in ((0.5, found.p50), (0.9, found.p90), (0.99, found.p99)):
        assert value in seconds
        assert sum(each <= value for each in seconds) >= share * len(seconds)
