"""What to try next, given what was tried: every proposal is inside the budget."""

from archdsl.study.propose.samplers.base import History as History
from archdsl.study.propose.samplers.base import Proposer as Proposer
from archdsl.study.propose.samplers.base import Seen as Seen
from archdsl.study.propose.samplers.evolution import Evolution as Evolution
from archdsl.study.propose.samplers.gp import Gp as Gp
from archdsl.study.propose.samplers.random import Random as Random
from archdsl.study.propose.samplers.tpe import Tpe as Tpe
