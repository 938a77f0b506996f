"""Shows that every bundled recipe learns, and regenerates any row of the gallery."""
