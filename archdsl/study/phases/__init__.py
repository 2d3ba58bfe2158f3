"""The phases of a search. Each says what to run next, from the state of the record.

phase.py      what a phase is;  jobs.py  what an engine is given
trials.py     proposes and judges candidates, until the trials are spent
looking.py    looks at the test split, once, with what the search has found
"""
