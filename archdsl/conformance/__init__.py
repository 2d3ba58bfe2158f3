"""Whether components that are not archdsl's own do what a network expects of their kind.

Each is run for its options, its context and its map, before anything is said of a network that
it is part of.

    look.py     a layer's first fault, remembered
    probe.py    one layer on one map: what is run, and what is compared
    watch.py    what goes into a user's component and what comes out
    owed.py     what a component of each kind owes, and the words and the cure where it does not
"""

from archdsl.conformance.look import look

__all__ = ["look"]
