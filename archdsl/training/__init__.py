"""What a candidate is worth: a short training on the search's data.

A recipe, a network, data and a seed are all that a training takes; README.md says what flows
where. The only folder that imports Lightning, and none of it before it is needed: import from the
modules.
"""

from archdsl.training.data_source import DataSource as DataSource
from archdsl.training.failures import Diverged as Diverged
from archdsl.training.failures import cause_of as cause_of
from archdsl.training.fits import check_fits as check_fits
from archdsl.training.metrics import metric as metric
from archdsl.training.prepare import Prepared as Prepared
from archdsl.training.prepare import prepare as prepare
from archdsl.training.recipe import Recipe as Recipe
