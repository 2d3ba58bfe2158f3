"""Spec out of the tool: a network as one readable file that imports torch alone."""
