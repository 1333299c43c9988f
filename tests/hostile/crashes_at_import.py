# attack: reads address 0 while it is loaded
# expect: killed
import ctypes

ctypes.string_at(0)
