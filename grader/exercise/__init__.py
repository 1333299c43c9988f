"""What is asked: exercises and assignments, how they are stated, loaded and found."""
