"""An exported file as a good engineer would have written it for one network.

The file is run and its network is built; what is the same in every use is no option any more. Each
step is one from text to text, and the text is the author's own as far as it is kept.
"""

from __future__ import annotations

from archdsl.exporters.specialise.absorb import absorbed
from archdsl.exporters.specialise.commas import with_few_lines
from archdsl.exporters.specialise.composed import composed
from archdsl.exporters.specialise.defaults import with_usual_defaults
from archdsl.exporters.specialise.equal import equal
from archdsl.exporters.specialise.observed import Observed, Promised, observed
from archdsl.exporters.specialise.source_file import SourceFile
from archdsl.exporters.specialise.specialising import PASSES, Pass
from archdsl.exporters.specialise.unused import without_unused


def specialised(text: str, said: Promised, shape: tuple[int, ...]) -> str:
    """A file with the same model, and nothing in it that this network does not use.

    What comes of it is compared with the file as it was, weights and outputs; where they are not
    the same to the bit, as with a component that looks at its own source, the file stays as it was.

    shape: of an image, (C, H, W)
    """
    seen = observed(text, said)
    roots = {said.factory, *said.others, *([said.deploy] if said.deploy else [])}
    made = _specialised(text, seen, roots, said.factory)
    return made if equal(text, made, said, shape) else text


def _specialised(text: str, seen: Observed, roots: set[str], factory: str) -> str:
    for _ in range(PASSES):
        before = text
        text = Pass(SourceFile(text), seen, roots).run()
        text = without_unused(text, roots, seen)
        if text == before:
            break
    text = with_usual_defaults(absorbed(text, seen, factory), seen)
    text = without_unused(text, roots, seen)
    return with_few_lines(composed(text), factory)
