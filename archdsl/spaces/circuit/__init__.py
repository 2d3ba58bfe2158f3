"""A space as a circuit of sums and products, and the passes over it."""

from archdsl.spaces.circuit.alternatives import TooManyCases as TooManyCases
