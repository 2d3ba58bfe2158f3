"""The answers of trials as numbers."""

from __future__ import annotations

import numpy as np

from archdsl.study.report.answers import UNASKED, answers_of
from tests.study.records import drawn, made


def table(members):
    return answers_of([made(number, one, 0.5) for number, one in enumerate(members)])


def test_each_answer_is_found_again_and_what_was_not_asked_is_none() -> None:
    members = drawn(50)
    found = table(members)
    for member, codes in zip(members, found.codes, strict=True):
        read = {
            address: answers[code]
            for address, answers, code in zip(found.addresses, found.answers, codes, strict=True)
            if code != UNASKED
        }
        assert read == {address: str(answer) for address, answer in member.items()}


def test_stages_and_numbers_are_in_their_order_and_not_that_of_the_alphabet() -> None:
    found = table([{"stages.10.depth": 10, "stages.2.depth": "x"}, {"stages.10.depth": 9}])
    assert found.addresses == ("stages.2.depth", "stages.10.depth")
    assert found.answers == (("x",), ("9", "10"))


def test_answers_that_are_lists_are_told_apart() -> None:
    found = table([{"a": [1, 2]}, {"a": {"type": "x"}}, {"a": [1, 2]}])
    assert len(found.answers[0]) == 2 and found.codes[0, 0] == found.codes[2, 0]


def test_each_decision_has_one_column_that_is_one() -> None:
    found = table(drawn(30))
    groups, columns = found.indicators()
    for decision in range(len(found.addresses)):
        assert (columns[:, groups == decision].sum(axis=1) == 1).all()


def test_no_trial_and_trials_without_a_decision_have_none() -> None:
    assert table([]).codes.shape == (0, 0)
    assert table([{}, {}]).codes.shape == (2, 0)
    assert table([{}, {}]).indicators()[1].shape == (2, 0)


def test_what_depends_on_an_answer_follows_it_and_nothing_else_does() -> None:
    found = table(drawn(600))
    place = found.addresses.index

    def following(address: str) -> set[str]:
        return {found.addresses[one] for one in found.following(place(address))}

    assert following("params.width") == set()
    assert following("stages.0.blocks.1.token_mixer") == {
        "stages.0.blocks.1.token_mixer.sep_conv.kernel"
    }
    assert following("stages.1.depth") == {
        f"stages.1.blocks.{block}.token_mixer{rest}"
        for block in (1, 2) for rest in ("", ".sep_conv.kernel")
    }  # fmt: skip
    assert following("stages.0.blocks.0.token_mixer.sep_conv.kernel") == set()


def test_a_decision_elsewhere_that_an_answer_never_asks_follows_it_where_that_is_beyond_chance():
    few = [{"a": number % 2, **({"b": 1} if number % 2 else {})} for number in range(6)]
    many = [{"a": number % 2, **({"b": 1} if number % 2 else {})} for number in range(60)]
    assert table(few).following(0) == []
    assert table(many).following(0) == [1]
    assert np.array_equal(table(many).of(np.arange(3)).codes, table(many).codes[:3])
