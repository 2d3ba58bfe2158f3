"""Which trainings go on, given how far each has come: successive halving that pauses and promotes.

ladder.py    the rungs, and what is next, given results in the order of their jobs
brackets.py  on which rung a new trial begins: hyperband's division of the epochs
jobs.py      the jobs of a record, and the ladder after the results that one of them knows
rung_score.py  what a training is worth on a rung
believed.py  what a sampler is told of a paused trial
spent.py     the epochs that a search trained, and those that whole trainings would have taken
"""
