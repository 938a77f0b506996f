"""What a run tells the world: progress, pictures and words."""
