"""What is called better is better: on noise that was recorded, simulated."""

from __future__ import annotations

import pytest

from tests.bench.final_round import claims, power


@pytest.mark.slow
def test_of_equal_networks_none_is_called_better() -> None:
    assert claims(1000) <= 70


@pytest.mark.slow
def test_a_network_that_is_four_seed_deviations_better_is_found_and_called_better() -> None:
    won, better_than_default, _ = power(4.0, 300)
    assert won >= better_than_default >= 270


def test_a_few_searches_of_equal_networks_make_few_claims() -> None:
    assert claims(30) <= 5
