"""What an amount of a cost is: its kind, how two become one, how it is written, what bounds it.

No torch and no numpy in here, so that the language can name costs without measuring any; for
arrays of amounts there is `archdsl.amounts.arrays`.
"""

from archdsl.amounts.budget import Budget as Budget
from archdsl.amounts.table import Kind as Kind
from archdsl.amounts.table import MeasuredLayer as MeasuredLayer
from archdsl.amounts.table import additive as additive
from archdsl.amounts.table import bounded as bounded
from archdsl.amounts.table import kind as kind
from archdsl.amounts.table import kinds as kinds
from archdsl.amounts.table import maximal as maximal
from archdsl.amounts.table import names as names
from archdsl.amounts.table import register as register
from archdsl.amounts.table import written as written
from archdsl.amounts.vectors import Amounts as Amounts
from archdsl.amounts.vectors import combine as combine
from archdsl.amounts.vectors import named as named
from archdsl.amounts.vectors import nothing as nothing
from archdsl.amounts.vectors import of_layer as of_layer
from archdsl.amounts.vectors import times as times
from archdsl.amounts.vectors import total as total
