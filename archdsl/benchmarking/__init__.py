"""How fast networks run here, one in turn with another: what `archdsl bench` measures.

turns.py       who has a turn when, so that what slows all for a while is in all figures alike
ratio.py       how many times as fast one is as another, and whether the rounds tell them apart
latency.py     percentiles of the time of a pass
device.py      the device by its name, and a clock that waits for it
onnx_file.py   a network as ONNX and what runs that
forms.py       the forms that a network is timed in, and what makes one
passes.py      what one pass is
peak.py        the most memory that a pass takes
onnx_process.py  the same of an ONNX file, in a process of its own
room.py        what certainly does not fit the memory is refused before it is tried
workload.py    what is to be timed
subject.py     the same, made: its images and its pass
measure.py     warm-up, rounds, memory
row.py         what was measured of one subject
table.py       rows as text
result.py      what came of it all
request.py     how it is to be timed, checked
benchmark.py   from what was asked for, checked, to what was measured
"""

from archdsl.benchmarking.result import Benchmark as Benchmark
