# attack: the network
# expect: raised
import socket


def dY_dX(X):
    return socket.create_connection(("127.0.0.1", 22), timeout=0.1)
