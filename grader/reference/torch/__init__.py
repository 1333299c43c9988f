"""Expected arrays by torch, checks of them, and predictions of what mistakes return."""
