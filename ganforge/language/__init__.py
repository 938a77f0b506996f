"""The language: what a recipe says, as frozen values that no torch is needed to read."""
