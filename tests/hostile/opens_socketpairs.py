# attack: socketpair, pipe, eventfd, epoll, inotify, timerfd, signalfd
# expect: raised
import os
import select
import socket


def dY_dX(X):
    for attempt in (socket.socketpair, os.pipe, lambda: os.eventfd(0), select.epoll):
        try:
            attempt()
        except OSError:
            continue
        return "opened"
    raise PermissionError
