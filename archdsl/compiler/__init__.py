"""A tree and its answers to a network, and a network to an `nn.Module`. Only building needs torch.

README.md says which file is for what.
"""
