"""OUT: what is graded so far, what the instructor decided, and the tables made of both."""
