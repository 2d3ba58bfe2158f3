"""Drawings and tables for people, from plain rows: as text, on a terminal, as SVG, as HTML.

What is drawn here knows no spec, no network and no search. It is also the border at which text of
others, a name, a path, an exception, comes before people: nothing of it is taken for markup, nor
for what a terminal obeys.
"""
