"""The end of a search: who is trained anew, who has won, and what may be claimed.

entrants.py    who is in a final round, as plain data
field.py       the best trials and what they are compared with;  size.py  how many, how often
believed.py    which trials are the best;  spread.py  which of a front
baselines.py   specs that a search is compared with
winner.py      the winner of a round, and the members of a front
comparison.py  arms of several seeds, compared;  verdicts.py  those of a round
verdict.py     how that is said;  by_class.py  the same in each class
"""
