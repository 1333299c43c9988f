"""Grade derivative exercises: YAML in, verdicts with reasons out."""
