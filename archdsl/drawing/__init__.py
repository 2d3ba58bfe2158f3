"""Networks as pictures: what is drawn, where it stands, and the picture that a user holds.

plan.py     what a picture says, before it has places: rows of cells, and their mixers
kinds.py    mixers that are one to a reader, their colours and letters
folding.py  blocks that come again and again, once
fixed.py    the plan of a network
opened.py   the plan of a space: its default member, and what is left open
planned.py  the plan of either, counted
scale.py    how wide and how high a block is drawn
cells.py    blocks and layers as shapes
legend.py   what the letters mean, and what is inside a meta_mixer
layout.py   a plan, or two side by side, as a picture of shapes
drawing.py  the picture that a user holds: SVG, PNG, an element of a page
"""
