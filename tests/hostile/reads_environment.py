# attack: secrets in the environment
# expect: wrong_type|correct
import os


def dY_dX(X):
    secrets = [value for name, value in os.environ.items() if "SEED" in name or "TOKEN" in name or "PATH" == name]
    return "".join(secrets) or None
