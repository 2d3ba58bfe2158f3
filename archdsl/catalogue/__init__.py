# Made from archdsl/nn by  make catalogue.  Change it there.
"""The vocabulary: ordinary torch modules. Importing this fills the registry with them."""
from archdsl.catalogue import acts, channel_mixers, heads, layers, meta_mixer, meta_ops, norms, patch_merge, pos_embed, token_mixers
