# attack: links, modes, owners, times, attributes
# expect: raised
import os


def dY_dX(X):
    course = "@COURSE@"
    attempts = (
        lambda: os.symlink("/etc/passwd", f"{course}/owned"),
        lambda: os.link(f"{course}/gradebook.db", f"{course}/owned"),
        lambda: os.chmod(f"{course}/gradebook.db", 0o777),
        lambda: os.chown(f"{course}/gradebook.db", 0, 0),
        lambda: os.utime(f"{course}/gradebook.db"),
        lambda: os.setxattr(f"{course}/gradebook.db", "user.x", b"1"),
        lambda: os.truncate(f"{course}/gradebook.db", 0),
        lambda: os.mkfifo(f"{course}/owned"),
        lambda: os.mkdir(f"{course}/owned"),
    )
    for attempt in attempts:
        try:
            attempt()
        except OSError:
            continue
        return "done"
    raise PermissionError
