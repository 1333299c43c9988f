"""Name the likely mistake behind wrong numbers, or say nothing."""
