# attack: imports everything there is, for a new child each time
# expect: correct
import numpy as np

for name in (
    "argparse asyncio base64 csv ctypes decimal difflib email fractions hashlib html http json logging lzma multiprocessing "
    "pickle platform pprint queue secrets shutil socket sqlite3 statistics subprocess tempfile threading unittest uuid zipfile "
    "xml nonsense tkinter scipy pandas this_is_not_there antigravity"
).split():
    __import__(name)


def dY_dX(X):
    return np.diag(1 - np.tanh(X) ** 2)
