"""The phases of a search. Each says what to run next, from the state of the record.

phase.py      what a phase is;  jobs.py  what an engine is given
trials.py     proposes and judges candidates, until the trials are spent
pruned.py     the same, with trials that are put aside and promoted
in_order.py   proposals from a record, each told of the results that it is to know
inheriting.py  whose weights a new trial begins with
untrained.py  trials that are answered without a training
again.py      when a training that was broken off goes on, and how
in_round.py   the trainings of a round: which is next, what is recorded of each
final_round.py  the best trained anew, once the trials are spent
check.py      members trained under two schedules and scored, for a proxy check
looking.py    looks at the test split, once, with what the search has found
"""
