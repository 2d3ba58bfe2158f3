"""What a component is: its options, read from its signature, and the registry that names it.

options.py    what an option may be;  defaults.py  defaults held to their types
signature.py  what a class says of itself
registry.py   the only door from a spec to code;  own.py  which components are a user's
component.py  a component with its options set
statics.py    its torch-free checks and sizes
"""
