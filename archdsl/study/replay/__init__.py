"""A training once more, from its record, and how it compares.

trainings.py   which training is meant, and what the record says of it
place.py       where it ran, beside where it is to run now
noise.py       what two trainings differ by that differ in their seed alone
comparison.py  two trainings epoch by epoch, and what follows
baseline.py    a baseline's spec, trained on the data as they lie now
once_more.py   trains it, part for part
replaying.py   all of it, once data and code are those on record
"""
