"""Plain loops of the recipes' mathematics as an expert tunes them by hand."""
