"""How a search looks while it runs: as a live table on a terminal, or as lines.

A display is a listener of the search's events, and a context around the search.
"""
