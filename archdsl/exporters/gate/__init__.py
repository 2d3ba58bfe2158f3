"""Whether exported files say what the model says; where they do not, from which layer on.

check.py      files against the model: good, or an error that says where they differ
compare.py    what comes out of both, for the same images
images.py     the images: what a source has, or drawn ones
first.py      the first layer that differs
prefixes.py   a network up to each of its layers
"""

from archdsl.exporters.gate.check import Checked, check
from archdsl.exporters.gate.images import Images, drawn

__all__ = ["Checked", "Images", "check", "drawn"]
