"""Sub-operations of a meta_mixer. Importing this fills the registry with them."""

from __future__ import annotations

from archdsl.nn.meta_ops import keys, outs, queries, values

__all__ = ["keys", "outs", "queries", "values"]
