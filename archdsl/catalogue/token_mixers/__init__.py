# Made from archdsl/nn by  make catalogue.  Change it there.
"""Components that mix positions. Importing this fills the registry with them."""
from archdsl.catalogue.token_mixers import aggregated_attention, attention, cosine_attention, depthwise, identity, pooling, random, sep_conv, spatial_mlp, window_attention
