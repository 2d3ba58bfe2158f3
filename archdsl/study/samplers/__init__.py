"""What to try next, given what was tried: every proposal is inside the budget."""

from archdsl.study.samplers.base import History as History
from archdsl.study.samplers.base import Proposer as Proposer
from archdsl.study.samplers.base import Seen as Seen
from archdsl.study.samplers.evolution import Evolution as Evolution
from archdsl.study.samplers.gp import Gp as Gp
from archdsl.study.samplers.random import Random as Random
from archdsl.study.samplers.tpe import Tpe as Tpe
