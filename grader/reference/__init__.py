"""The key: cases, and the arrays that torch expects for them, as one record."""
