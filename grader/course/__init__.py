"""Many submissions: taken in, graded in parallel, kept, and looked at again."""
