"""The engine: where torch lives; it turns a game into trained networks."""
