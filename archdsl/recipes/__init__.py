"""Recipes as files: how a network is trained, in the words of a spec.

files.py       the shipped ones by name, and those of anybody's as paths
document.py    a file with what it builds on, as one tree that knows its places
values.py      what is written under `train` as the values of a recipe
together.py    what is written and cannot be meant together
load.py        a name, a file or plain values, and what is changed of them, to a Recipe
"""

from archdsl.recipes.files import names as names
from archdsl.recipes.files import source_of as source_of
from archdsl.recipes.load import recipe as recipe
