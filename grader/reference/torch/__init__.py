"""Expected arrays by torch autograd in float64: the only part of the package that imports torch."""
