"""The final round: the best trials, trained anew beside what they are to be compared with.

entrants.py   who is in it
believed.py   which trials are the best, allowing for the luck of the maximum
baselines.py  specs beside the space, on its input and classes
size.py       how large a round a search pays for
comparison.py differences of arms with intervals over seeds and images
"""
