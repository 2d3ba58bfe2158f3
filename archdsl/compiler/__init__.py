"""A tree and its answers to a network, and a network to an `nn.Module`. Only building needs torch.

lower.py          document and answers -> network;  entry.py  what leads into a stage
network.py        the one intermediate form: an entry for each layer, nothing left to decide
classes.py        a network for another number of classes
combinations.py   every layer under every combination of its answers, before anything runs
own_layers.py     the layers that are a user's own
specification.py  a spec in hand: document, answers, network
builder.py        network -> module;  backbone.py  a module's maps at several scales
"""
