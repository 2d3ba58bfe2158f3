"""Models in the tools of others, which are imported only where somebody asks for them.

timm_model.py     a model with the methods that timm's have
timm_registry.py  specs by name in timm's registry
"""
