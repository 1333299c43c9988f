"""The key: cases, and what torch says of them, as one record."""
