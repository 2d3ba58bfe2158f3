"""What each free operator does to a tensor, by name: see free.py for what they have in common."""

from __future__ import annotations

from typing import Any


def names(text: str) -> frozenset[str]:
    """Operators by name."""
    return frozenset(text.split())


SAME = names("""
alias alpha_dropout clone contiguous detach dropout feature_alpha_dropout feature_dropout
lift_fresh positive resolve_conj resolve_neg to type_as
""")
"""What goes in comes out."""

RESHAPES = names("""
atleast_1d atleast_2d atleast_3d flatten ravel reshape reshape_as squeeze unflatten unsqueeze view
view_as
""")
"""The same elements in the same order."""

EXPANDS = names("broadcast_tensors broadcast_to expand expand_as")

JOINS = names("cat concat concatenate stack")

PRODUCTS = names("ldexp mul multiply xlogy")
QUOTIENTS = names("div divide true_divide")
ADDITIONS = names("add rsub sub subtract")

SUMS = names("logsumexp mean nansum sum")
SQUARES = names("std std_mean var var_mean")
NORMS = names("frobenius_norm linalg_vector_norm norm")
RUNNING_SUMS = frozenset(("cumsum",))
CHOICES = names("all amax amin any max median min prod")
"""Reductions that add nothing up."""

ORDERS = names("sort topk")
"""Elements of a tensor at other places."""

POOLS = {
    name: sides
    for sides in (1, 2, 3)
    for name in (f"avg_pool{sides}d", f"adaptive_avg_pool{sides}d")
}
"""Sums over windows of the last axes, so many."""

CONSTANTS = names("""
all any arange argmax argmin argsort bitwise_and bitwise_not bitwise_or bitwise_xor empty empty_like
eq eye full full_like ge gt isfinite isinf isnan le linspace logical_and logical_not logical_or
logical_xor lt ne new_empty new_full new_ones new_zeros one_hot ones ones_like scalar_tensor
tril_indices triu_indices zeros zeros_like
""")
"""Masks, indices and filled tensors: they choose numbers and multiply none."""

NORMALISATIONS = names("""
batch_norm group_norm instance_norm layer_norm log_softmax native_batch_norm native_group_norm
native_layer_norm rms_norm softmax _log_softmax _native_batch_norm_legit_no_training _safe_softmax
_softmax _weight_norm _weight_norm_interface
""")
"""They put statistics of a tensor back onto that tensor, which begins anew."""


def reduced_axes(name: str, arguments: list[Any], rank: int) -> frozenset[int]:
    """The axes that a reduction takes together: those named, or all."""
    at = {"norm": 2, "linalg_vector_norm": 2}.get(name, 1)
    named = arguments[at] if len(arguments) > at else None
    if isinstance(named, bool) or named is None or named == []:
        return frozenset(range(rank))  # var(x, unbiased) has a truth where others have an axis
    found = [named] if isinstance(named, int) else named
    if None in found:
        return frozenset(range(rank))
    return frozenset(axis % rank for axis in found) if rank else frozenset()


def is_squared(name: str, arguments: list[Any]) -> bool:
    """Whether a reduction adds up powers and not the numbers themselves."""
    if name in SQUARES or name == "frobenius_norm":
        return True
    if name not in NORMS:
        return False
    return _order(arguments) not in (0, 1, float("inf"))


def is_sum(name: str, arguments: list[Any]) -> bool:
    """Whether a norm adds anything up: the largest number is a norm, too, and so is a count."""
    return name == "frobenius_norm" or _order(arguments) not in (0, float("inf"))


def _order(arguments: list[Any]) -> float:
    order = arguments[1] if len(arguments) > 1 else None
    return 2 if order is None else abs(order)
