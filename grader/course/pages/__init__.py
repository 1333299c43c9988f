"""The pages of OUT: the class for its staff, and each student's own."""
