"""A file that cannot be imported."""

raise RuntimeError("the weights are not there")
