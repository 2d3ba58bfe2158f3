"""Models in the tools of others, which are imported only where somebody asks for them.

hub_folder.py     saved folders from the Hugging Face Hub, and to it
timm_model.py     a model with the methods that timm's have
timm_registry.py  specs by name in timm's registry
"""
