"""How a search looks while it runs: a table on a terminal or in a notebook, or lines.

A display is a listener of the search's events, and a context around the search. `choice.py` says
which one a search has; what the table shows is in `trial_table.py`, for terminal and notebook.
"""
