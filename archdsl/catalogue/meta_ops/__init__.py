# Made from archdsl/nn by  make catalogue.  Change it there.
"""Sub-operations of a meta_mixer. Importing this fills the registry with them."""
from archdsl.catalogue.meta_ops import keys, outs, queries, values
