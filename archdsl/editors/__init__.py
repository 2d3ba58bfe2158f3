"""What editors read of the language: a JSON Schema of specs and recipes.

values.py      what stands at a place as a schema: values, expressions, holes
components.py  the registered components of each kind
sections.py    `search:` and the `train:` of a recipe
whole.py       the whole: one schema for specs and for recipes
"""

from archdsl.editors.whole import as_text as as_text
from archdsl.editors.whole import json_schema as json_schema
