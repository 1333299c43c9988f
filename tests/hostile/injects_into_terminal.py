# attack: control sequences in an exception: clear the screen, set the title, retype a command
# expect: raised
def dY_dX(X):
    raise ValueError("\x1b[2J\x1b]0;owned\x07\x9b31m\x1bP+q\x1b\\\r\x08\x08 PASSED \u202e dehsinif")
