# attack: unix, inet, netlink, packet, vsock, alg, bluetooth, xdp
# expect: raised
import socket


def dY_dX(X):
    for family in range(1, 46):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind, 0)
            except OSError:
                continue
            return f"family {family}"
    raise PermissionError
