# attack: a script and an image in an exception and in the output
# expect: raised
print("<script>alert(1)</script>")


def dY_dX(X):
    raise ValueError('<img src=x onerror="alert(1)">&quot;</pre></td>')
