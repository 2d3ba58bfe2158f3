# Made from archdsl/nn by  make catalogue.  Change it there.
"""Components that mix channels. Importing this fills the registry with them."""
from archdsl.catalogue.channel_mixers import conv_glu, glu, mlp
