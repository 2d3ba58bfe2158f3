"""What is recommended follows from the figures by the rules of the page."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import archdsl
from archdsl.language.settings import FinalSettings
from archdsl.study.proxy.agreement import UNDEFINED
from archdsl.study.proxy.figures import Figures, figures
from archdsl.study.proxy.kept import loss_of_keeping
from archdsl.study.proxy.measured import Outcomes
from archdsl.study.proxy.recommended import Recommended, recommended


def found(
    seed: float = 0.02, early: float = 0.0, many: int = 32, seeds: int = 3, proxy: float = 1.0
) -> Figures:
    """Architectures that differ by one, seeds by `seed`, and epochs to half of eight by `early`."""
    draws = np.random.default_rng(0)
    worth = draws.normal(size=(many, 1))

    def trained(sign: float = 1.0) -> np.ndarray:
        return sign * worth + seed * draws.normal(size=(many, seeds))

    last = trained(proxy)
    by_epoch = {
        epoch: last + early * draws.normal(size=last.shape) * (epoch <= 4) for epoch in (2, 4, 5, 7)
    }
    what = Outcomes("accuracy", True, last, trained(), {**by_epoch, 8: last}, epochs=(8, 24))
    made = figures(what)
    assert made is not None
    return made


@cache
def advice(**given: float) -> Recommended:
    return recommended(found(**given))


def test_epochs_that_order_as_well_are_enough_and_stopping_early_pays() -> None:
    said = advice()
    assert said.epochs is not None and (said.epochs.value, said.epochs.told) == (2, True)
    assert said.halving is True
    assert said.halving_why.startswith("stopping early pays, from epoch 2 on: ")
    assert said.epochs.why.startswith("from epoch 2 on tau is less than 0.05 below that of 8")


def test_early_epochs_that_order_worse_do_not_pay() -> None:
    said = advice(early=5.0)
    assert said.epochs is not None and (said.epochs.value, said.epochs.told) == (5, True)
    assert said.halving is False
    assert said.halving_why.startswith("stopping at half of the epochs does not pay: ")


def test_where_the_intervals_reach_over_the_margin_nothing_is_told() -> None:
    said = advice(early=0.3, many=8, seed=0.3)
    assert said.halving is None
    assert said.halving_why.startswith("stopping early: not told: ")


def test_a_proxy_that_is_not_told_from_chance_recommends_nothing_else() -> None:
    said = advice(proxy=0.0, seed=1.0)
    assert not said.proxy.told and said.proxy.why.startswith(
        "the proxy is not told from chance by 32 architectures: tau "
    )
    assert said.epochs is not None and (said.epochs.value, said.epochs.told) == (8, False)
    assert said.epochs.why == "epochs: not told, and as they were"
    assert said.halving is None
    wrong = advice(proxy=-1.0)
    assert wrong.proxy.why.startswith("the proxy orders the wrong way round: tau -0.9")
    assert not wrong.proxy.told


def test_what_is_not_told_says_so_in_these_words() -> None:
    made = found()
    alone = recommended(replace(made, cut={}))
    assert alone.epochs is not None and (alone.epochs.value, alone.epochs.told) == (8, False)
    assert alone.epochs.why == "epochs: not told, as none before the last has figures"
    assert alone.halving_why == "stopping early: not told, as no epoch before the last has figures"
    for said in (alone, advice(proxy=0.0, seed=1.0), advice(seed=2.0), advice(seed=0.0)):
        for one in (said.proxy, said.epochs, said.keep, said.seeds):
            assert one is not None and one.told is ("not told" not in one.why)


def test_seeds_are_those_that_tell_one_spread_apart() -> None:
    assert (advice().seeds.value, advice().seeds.told) == (2, True)
    some = advice(seed=0.7).seeds
    assert some.told and some.value is not None and 3 <= some.value <= 8  # 4 by the true spreads
    many = advice(seed=2.0)
    assert (many.seeds.value, many.seeds.told) == (3, False)
    assert "would tell one spread apart, and 3 do not" in many.seeds.why
    made = found()
    spread = replace(made.long, architectures=0.14, seeds=0.2, ratio_interval=(0.6, 0.8))
    for usual, do in ((20, "do, too"), (16, "do, too"), (15, "do not")):
        said = recommended(replace(made, long=spread), FinalSettings(seeds=usual)).seeds
        assert (said.value, said.told) == (usual, False)
        assert said.why.startswith(
            f"seeds: not told, as 16 would tell one spread apart, and {usual} {do} (spread "
        )
    none = advice(seed=0.0).seeds
    assert (none.value, none.why) == (3, "seeds: not told, as they change nothing")


def test_seeds_are_not_told_where_the_spreads_are_hardly_known() -> None:
    made = found()
    for low, told in ((0.0, False), (0.5, False), (0.51, True)):
        known = replace(made.long, architectures=0.044, seeds=0.017, ratio_interval=(low, 5.8))
        said = recommended(replace(made, long=known)).seeds
        assert (said.told, said.value) == ((True, 2) if told else (False, 3))
    hardly = replace(made.long, architectures=0.044, seeds=0.017, ratio_interval=(0.0, 5.8))
    assert recommended(replace(made, long=hardly)).seeds.why == (
        "seeds: not told, as the ratio of the spreads may be 0.0 (spread between architectures "
        "0.0440, between seeds 0.0170)"
    )


def test_few_are_kept_where_the_proxy_is_right_and_more_where_it_is_not() -> None:
    one, more = advice().keep, advice(proxy=0.3, seed=0.4).keep
    assert one.told and more.told and one.value == 1 and more.value is not None
    assert more.value > 1
    assert one.why.startswith("the first of 32 by the proxy is within ")
    assert more.why.startswith(f"one of the first {more.value} of 32 by the proxy is within ")


def test_how_many_are_kept_is_told_only_of_a_proxy_that_orders_and_with_seeds_told() -> None:
    chance = advice(proxy=0.0, seed=0.7)
    assert chance.seeds.told and not chance.proxy.told
    said = chance.keep
    assert (said.value, said.told) == (5, False)
    assert said.why == "keep: not told, as the proxy is not known to order"
    assert not advice(proxy=-1.0).keep.told
    noise = advice(seed=2.0, proxy=5.0)
    assert noise.proxy.told and not noise.seeds.told
    assert (noise.keep.value, noise.keep.told) == (5, False)
    assert noise.keep.why == "keep: not told, as seeds are not"


@pytest.mark.parametrize("unit", [1e-300, 1e200, 3e299])
def test_a_metric_of_any_size_has_its_figures_and_advice(unit: float) -> None:
    made = found().measured
    far = replace(
        made,
        proxy=made.proxy * unit,
        final=made.final * unit,
        by_epoch={epoch: one * unit for epoch, one in made.by_epoch.items()},
    )
    figured = figures(far)
    assert figured is not None
    said, usual = recommended(figured), advice()
    assert (said.keep.value, said.seeds.value) == (usual.keep.value, usual.seeds.value)
    assert said.keep.told and said.seeds.told


def test_the_loss_of_keeping_by_hand() -> None:
    truth = np.array([4.0, 3.0, 2.0, 1.0])
    proxy = np.array([[1.0, 9.0], [2.0, 1.0], [3.0, 2.0], [4.0, 3.0]])  # reversed; the best first
    lost = [loss_of_keeping(proxy, truth, keep).tau for keep in (1, 2, 3, 4)]
    assert lost == [(3 + 0) / 2, (2 + 0) / 2, (1 + 0) / 2, 0]


@pytest.mark.parametrize("seed", [0.0, 0.02, 2.0])
def test_the_section_is_taken_by_the_space(seed: float) -> None:
    text = advice(seed=seed).yaml()
    settings = archdsl.loads(f"archdsl: 1\nname: x\nextends: digits\n{text}\n").settings()
    said = advice(seed=seed)
    assert said.epochs is not None and settings.final is not None
    assert settings.proxy.epochs == said.epochs.value
    assert settings.final.epochs == 24
    assert max(map(len, text.splitlines())) <= 80


def test_a_score_that_is_not_finite_leaves_its_architecture_out_of_its_row() -> None:
    made = found().measured
    scores = made.final.copy()
    scores[3, 0], scores[7, 2] = -np.inf, np.nan
    again = figures(replace(made, scores={"naswot": scores, "synflow": np.ones_like(scores)}))
    assert again is not None
    rows = {row.name: row for row in again.rows if row.kind == "score"}
    assert rows["naswot"].left_out == 2 and rows["naswot"].everyone.tau is not None
    assert rows["naswot"].everyone.tau > 0.9
    assert rows["synflow"].everyone.tau is None, "all alike"
    none = figures(replace(made, scores={"naswot": np.full_like(scores, np.nan)}))
    assert none is not None and none.rows[-2].left_out == 32
    assert none.rows[-2].everyone == none.rows[-2].best == UNDEFINED
