"""An exported file as a good engineer would have written it for one network.

The file is run and its network is built; what is the same in every use is no option any more. Each
step is one from text to text, and the text is the author's own as far as it is kept.
"""

from __future__ import annotations

from archdsl.exporters.specialise.absorb import absorbed
from archdsl.exporters.specialise.commas import with_few_lines
from archdsl.exporters.specialise.observed import observed
from archdsl.exporters.specialise.program import Program
from archdsl.exporters.specialise.specialising import PASSES, Pass
from archdsl.exporters.specialise.unused import without_unused


def specialised(
    text: str, factory: str, classes: tuple[int, ...], roots: set[str], deploy: str | None = None,
    lays: str | None = None,
) -> str:  # fmt: skip
    """A file with the same model, and nothing in it that this network does not use.

    factory: the function that makes the model; classes: numbers of classes to try it with
    roots: other names that the file promises; deploy: the function that folds the model, if any
    lays: the function that lays its tensors contiguously
    """
    seen = observed(text, factory, classes, deploy, lays)
    roots = roots | {factory} | ({deploy} if deploy else set())
    for _ in range(PASSES):
        before = text
        text = Pass(Program(text), seen, roots).run()
        text = without_unused(text, roots, seen)
        if text == before:
            break
    text = without_unused(absorbed(text, seen, factory), roots, seen)
    return with_few_lines(text, factory)
