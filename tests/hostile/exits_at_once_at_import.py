# attack: os._exit while it is loaded
# expect: killed
import os

os._exit(0)
