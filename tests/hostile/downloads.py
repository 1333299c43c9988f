# attack: urllib
# expect: raised
import urllib.request


def dY_dX(X):
    return urllib.request.urlopen("http://127.0.0.1/", timeout=0.1).read()
