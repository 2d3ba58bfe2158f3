"""What decides a step: which tensors have which rate and decay, how the rate goes, what is kept.

layers.py            how deep in the network a parameter lies
groups.py            parameters by the decay and the rate that they have
optimizers.py        the optimiser of a recipe
schedules.py         the share of the peak rate by step
averages.py          the average of the weights over the steps
stochastic_depth.py  the rates at which blocks are left out, as a recipe has them
compiled.py          the model through torch.compile, and back

Nothing in here knows data or epochs; `module.py` and `train.py` put it together.
"""
