# Made from archdsl/nn by  make catalogue.  Change it there.
"""A bias for every pair of a query and a key, from how far apart they are (TransNeXt)."""
from __future__ import annotations
from archdsl.errors import Misfit
Size = tuple[int, int]

def positions_misfit(size: Size, reduction: int, input_size: Size, total_reduction: int, *given: int | None) -> Misfit | None:
    """Why distances cannot be measured on a map.

    given: the sizes of images that options name to measure by, if any. Without one it is the
        input's own, and that must be one grid of positions: whole when divided by the reduction,
        and more than a single position.
    """
    own = [side for side in given if side is not None]
    if (small := next((side for side in own if side // reduction < 2), None)):
        return Misfit(f'measures distances on images of {small}, and a reduction of {reduction} leaves {small // reduction} of their positions along a side', cure=f'choose {2 * reduction} or more')
    whole = all((side % reduction == 0 for side in input_size))
    if own or (whole and min(size) > 1):
        return None
    below = [max(2, side // total_reduction) * total_reduction for side in input_size]
    above = [max(2, -(-side // total_reduction)) * total_reduction for side in input_size]
    nearest = dict.fromkeys(('x'.join(map(str, sides)) for sides in (below, above)))
    return Misfit(f"measures distances on the input, and a reduction of {reduction} {('leaves a single position along a side of' if whole else 'does not divide')} {input_size[0]}x{input_size[1]}", cure=f"choose an input of {' or '.join(nearest)}, or a pretrain_size; with one, any input")
