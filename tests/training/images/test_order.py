"""Which images a pass takes: each once, by seed and epoch, from whatever batch it begins at."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from archdsl.training.images.order import Planned, Shuffle, ShuffledPass, in_order


@st.composite
def orders(draw: st.DrawFn) -> Shuffle:
    images = draw(st.integers(1, 60))
    batch = draw(st.integers(1, images))
    return Shuffle(images, batch, draw(st.integers(0, 9)), draw(st.integers(1, 4)))


def indices(planned: list[Planned]) -> list[int]:
    return [index for one in planned for index in one.indices]


@given(orders(), st.integers(0, 5))
def test_a_pass_has_whole_batches_and_leaves_out_what_fills_none(
    order: Shuffle, epoch: int
) -> None:
    planned = list(ShuffledPass(order, epoch))
    assert len(planned) == order.steps == order.images // order.batch
    assert {len(one.indices) for one in planned} == {order.batch}


@given(orders(), st.integers(0, 5))
def test_a_pass_takes_each_image_once(order: Shuffle, epoch: int) -> None:
    order = dataclasses.replace(order, repeated=1)
    taken = indices(list(ShuffledPass(order, epoch)))
    assert len(set(taken)) == len(taken) == order.steps * order.batch
    assert set(taken) <= set(range(order.images))


@given(orders(), st.integers(0, 5))
def test_with_repeated_an_image_comes_so_often_in_a_row_and_other_images_less(
    order: Shuffle, epoch: int
) -> None:
    planned = list(ShuffledPass(order, epoch))
    taken = indices(planned)
    assert len(taken) == order.steps * order.batch
    often = Counter(taken)
    assert all(count == order.repeated for index, count in often.items() if index != taken[-1])
    runs = [index for at, index in enumerate(taken) if at == 0 or taken[at - 1] != index]
    assert len(runs) == len(often)
    seeds = [seed for one in planned for seed in one.seeds or ()]
    assert len(set(seeds)) == len(seeds), "each copy is changed in another way"


@given(orders(), st.integers(0, 5), st.data())
def test_a_pass_that_begins_in_the_middle_is_the_rest_of_a_whole_one(
    order: Shuffle, epoch: int, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, order.steps))
    rest = [dataclasses.astuple(one) for one in ShuffledPass(order, epoch, begin)]
    assert rest == [dataclasses.astuple(one) for one in ShuffledPass(order, epoch)][begin:]


@given(orders(), st.integers(0, 5), st.integers(2, 4))
def test_several_devices_share_the_batches_of_one(order: Shuffle, epoch: int, ranks: int) -> None:
    whole = list(ShuffledPass(order, epoch))
    parts = [
        list(ShuffledPass(dataclasses.replace(order, rank=rank, ranks=ranks), epoch))
        for rank in range(ranks)
    ]
    for number, one in enumerate(whole):
        shared = [part[number] for part in parts]
        assert sorted(indices(shared)) == sorted(one.indices)
        assert len({part.seed for part in shared}) == ranks


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    order = Shuffle(50, 50, seed=0)
    first = indices(list(ShuffledPass(order, 0)))
    assert first != list(range(50))
    assert first != indices(list(ShuffledPass(order, 1)))
    assert first != indices(list(ShuffledPass(dataclasses.replace(order, seed=1), 0)))


def test_what_is_drawn_for_an_image_does_not_follow_from_its_batch() -> None:
    def drawn(batch: int) -> dict[int, int]:
        planned = list(ShuffledPass(Shuffle(24, batch, seed=0), 3))
        return {i: s for one in planned for i, s in zip(one.indices, one.seeds or (), strict=True)}

    assert drawn(4) == drawn(8)


@given(st.integers(0, 40), st.integers(1, 12))
def test_images_to_judge_by_come_in_order_and_all_of_them(images: int, batch: int) -> None:
    planned = in_order(images, batch)
    assert indices(planned) == list(range(images))
    assert all(len(one.indices) == batch for one in planned[:-1])
    assert all(one.seed is None and one.seeds is None for one in planned)
