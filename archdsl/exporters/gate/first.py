"""The first layer of a network from which on exported files say something else than the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from archdsl.compiler.network import Network
from archdsl.exporters.gate.compare import compared
from archdsl.exporters.gate.prefixes import Prefix, inside, prefixes
from archdsl.exporters.registry import ExportForm, Open
from archdsl.exporters.traced.module import module_of
from archdsl.exporters.wanted import Wanted

Say = Callable[[str], None]


def first_different(
    form: ExportForm, network: Network, wanted: Wanted, images: Tensor, say: Say
) -> str | None:
    """The address of the layer; None where the network agrees up to its last layer.

    Halves the network: what it is up to a layer is exported in the form and compared, until the
    first that is too far from the model stands behind one that is not. Then so with the parts of
    that block's branch.
    say: is told up to where it is looked at
    Raises whatever the form raises.
    """
    wanted = replace(wanted, features=None, preprocessing=None)
    known = prefixes(network)

    def differs(prefix: Prefix) -> bool:
        say(f"comparing up to {prefix.address}")
        return _differs(form, prefix, wanted, images)

    good, bad = -1, len(known)
    while bad - good > 1:
        middle = (good + bad) // 2
        if differs(known[middle]):
            bad = middle
        else:
            good = middle
    if bad == len(known):
        return None
    found = known[bad]
    return next((part.address for part in inside(found) if differs(part)), found.address)


def _differs(form: ExportForm, prefix: Prefix, wanted: Wanted, images: Tensor) -> bool:
    network = prefix.network
    model = module_of(network, replace(wanted, fused=False))
    whole = module_of(network, wanted)
    if wanted.weights is not None:
        names = {*model.state_dict(), *whole.state_dict()}
        wanted = replace(wanted, weights={n: t for n, t in wanted.weights.items() if n in names})
    given = wanted if form.carries_weights else replace(wanted, weights=None)
    run = form.opened(form.files(network, given), Open(network, whole.state_dict()))
    return not compared(run, model, images, classes=False).within(form.tolerance)
