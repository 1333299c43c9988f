# attack: a code object of random bytecode
# expect: killed|raised|wrong_type|timed_out|wrong_shape
def template(X):
    return X


def dY_dX(X):
    code = template.__code__.replace(co_code=bytes(range(90, 190)) * 2, co_stacksize=1)
    return type(template)(code, {})(X)
