# attack: a string that doubles
# expect: out_of_memory|timed_out
def dY_dX(X):
    text = "a"
    while True:
        text += text
