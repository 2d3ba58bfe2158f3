"""Forms that torch traces: the network as a graph of operators, with its weights.

module.py      the module that is to leave: weights, deployed form, maps of stages
captured.py    that module as a program of torch.export with a free batch
packages.py    what a form needs beside torch, named where it is missing
quiet.py       tools of others while they say nothing
facts.py       what travels beside the graph: the preprocessing, the names of what comes out
program.py, onnx.py, executorch.py, litert.py, coreml.py   a form each, and its runner
"""
