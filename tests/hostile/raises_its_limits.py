# attack: more memory, more CPU time, more of everything
# expect: raised
import resource


def dY_dX(X):
    for limit in range(16):
        try:
            resource.setrlimit(limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            continue
        return "raised"
    raise PermissionError
