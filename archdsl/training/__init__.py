"""What a candidate is worth: a short training on the search's data.

`prepare` reads and checks the data once, `train` trains one model on it. The only folder that
imports Lightning, and none of it before it is needed: import from the modules.

    prepare.py   settings -> data that every trial shares, checked against the network
    train.py     (model, settings, data, seed) -> metrics by epoch and weights
    module.py    loss, optimiser, schedule, metrics;  batches.py  batches that follow the seed
    user.py      LightningModule and LightningDataModule classes of the user's own
    loaders.py   how many batches theirs give;  batch_checks.py  what one has to be
    look.py      one batch of each sort through their code, before the first trial
    heldout.py   the one look at the test split; nothing else in archdsl reads it
"""

from archdsl.training.failures import Diverged as Diverged
from archdsl.training.failures import cause_of as cause_of
from archdsl.training.fits import check_fits as check_fits
from archdsl.training.metrics import metric as metric
from archdsl.training.prepare import Prepared as Prepared
from archdsl.training.prepare import prepare as prepare
