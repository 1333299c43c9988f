# attack: a tuple that lies about its length
# expect: wrong_type
class Evil(tuple):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise SystemExit

    def __iter__(self):
        while True:
            yield 0.0


def dY_dX(X):
    return Evil()
