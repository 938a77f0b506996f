"""The registry: who offers what, found by entry points."""
