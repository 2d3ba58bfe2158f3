"""The language: text to tree, tree to a network's description. No torch, no Optuna."""
