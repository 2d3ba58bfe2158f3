"""Two specs beside each other: what is another in structure, in what is left open, and in cost.

facts.py     a network as facts by address, in an order that both of two networks have
structure.py which facts differ, with equal changes of blocks in a row as one
costs.py     what stem, stages and head cost here and there
decisions.py which decisions of two spaces differ
result.py    all of it, for people and for programs
verb.py      `diff`
"""

from archdsl.changes.result import Changes
from archdsl.changes.verb import diff

__all__ = ["Changes", "diff"]
