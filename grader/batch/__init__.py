"""Many submissions: what was handed in, by whom, graded in parallel, kept as it comes."""
