"""Who has a turn when."""

from __future__ import annotations


def order(number: int, many: int) -> list[int]:
    """The order of the subjects in a round, counted from 0.

    >>> [order(number, 3) for number in range(4)]
    [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]]

    Rounds come in pairs, one the other backwards, and each pair begins with another subject. Over
    a pair a slowness that grows evenly is in all subjects alike; over 2·many rounds each subject
    is at each place twice, and each neighbour comes before it as often as after it.
    """
    turned = [(at + number // 2) % many for at in range(many)]
    return turned[::-1] if number % 2 else turned
