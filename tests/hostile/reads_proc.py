# attack: /proc
# expect: raised
def dY_dX(X):
    return open("/proc/self/maps").read() + open("/proc/1/environ").read()
