# attack: secrets in the environment
# expect: raised
import os


def dY_dX(X):
    secrets = [value for name, value in os.environ.items() if "SEED" in name or "TOKEN" in name or "PATH" == name]
    if secrets:
        return "".join(secrets)
    raise LookupError("nothing there")
