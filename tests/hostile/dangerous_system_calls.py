# attack: the system calls that kernel exploits begin with
# expect: raised
import ctypes
import platform

X86 = {
    "io_uring_setup": 425, "bpf": 321, "keyctl": 250, "add_key": 248, "request_key": 249, "userfaultfd": 323, "perf_event_open": 298,
    "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "ptrace": 101, "personality": 135,
    "init_module": 175, "finit_module": 313, "kexec_load": 246, "open_by_handle_at": 304, "name_to_handle_at": 303, "memfd_create": 319,
    "fanotify_init": 300, "inotify_init1": 294, "fsopen": 430, "fsmount": 432, "open_tree": 428, "move_mount": 429, "quotactl": 179,
    "swapon": 167, "reboot": 169, "sethostname": 170, "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "iopl": 172,
    "ioperm": 173, "modify_ldt": 154, "timer_create": 222, "mq_open": 240, "shmget": 29, "semget": 64, "msgget": 68, "splice": 275,
    "vmsplice": 278, "tee": 276, "sendfile": 40, "io_setup": 206, "seccomp": 317, "prctl": 157, "landlock_create_ruleset": 444,
    "memfd_secret": 447, "process_madvise": 440, "pidfd_send_signal": 424, "migrate_pages": 256, "move_pages": 279, "acct": 163,
    "setuid": 105, "setgid": 106, "setresuid": 117, "capset": 126, "setpriority": 141, "sched_setscheduler": 144, "sched_setaffinity": 203,
    "open": 2, "openat": 257, "openat2": 437, "stat": 4, "access": 21, "readlink": 89, "statx": 332, "getdents64": 217, "creat": 85,
    "execve": 59, "execveat": 322, "fork": 57, "vfork": 58, "socket": 41, "socketpair": 53, "pipe": 22, "pipe2": 293, "chdir": 80,
    "fchdir": 81, "mknod": 133, "syslog": 103, "getcwd": 79, "dup": 32, "dup2": 33, "sigqueue": 129, "setrlimit": 160, "alarm": 37,
    "setitimer": 38, "kcmp": 312, "process_vm_readv": 310, "pkey_alloc": 330, "remap_file_pages": 216, "set_mempolicy": 238,
}


def dY_dX(X):
    if platform.machine() != "x86_64":
        raise PermissionError
    libc = ctypes.CDLL(None, use_errno=True)
    room = ctypes.create_string_buffer(4096)
    through = []
    for name, number in X86.items():
        ctypes.set_errno(0)
        result = libc.syscall(number, ctypes.addressof(room), ctypes.addressof(room), 0, 0, 0, 0)
        if result != -1 or ctypes.get_errno() != 1:
            through.append(name)
    if through:
        return " ".join(through)
    raise PermissionError
