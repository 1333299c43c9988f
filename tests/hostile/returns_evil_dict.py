# attack: a dict whose keys act when compared
# expect: wrong_type
class Key:
    def __hash__(self):
        return hash("dY_dX")

    def __eq__(self, other):
        raise SystemExit


def dY_dX(X):
    return {Key(): 1.0}
