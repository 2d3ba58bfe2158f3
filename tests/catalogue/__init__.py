"""The catalogue of the built-in components, made from their sources, and held to them."""
