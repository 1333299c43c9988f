# attack: a signature that fits anything and answers with what it was given
# expect: wrong_shape
def dY_dX(*arguments, **keywords):
    return arguments[0]
