"""Saved models and the Hugging Face Hub: `archdsl.hub.from_pretrained`, `push_to_hub`."""

from archdsl.integrations.hub_folder import from_pretrained as from_pretrained
from archdsl.integrations.hub_folder import push_to_hub as push_to_hub
from archdsl.integrations.hub_folder import save_pretrained as save_pretrained
