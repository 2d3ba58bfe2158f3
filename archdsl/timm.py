"""archdsl's models in timm: `archdsl.timm.register()`, then `timm.create_model("archdsl_...")`."""

from archdsl.integrations.timm_registry import register as register
