"""The walls: the seccomp programs of both architectures, the plans and the administrator's floor, doctor."""

from __future__ import annotations

import errno
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli.doctor import command_doctor
from grader.errors import SandboxError
from grader.sandbox import Sandbox
from grader.sandbox.host import bubblewrap, launch, walls
from grader.sandbox.host.walls import OPEN, SEALED, WallPlan

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

if sys.platform == "linux":
    from grader.sandbox.child import landlock, seccomp
    from grader.sandbox.host import doctor
    from grader.sandbox.host.doctor import Check, Examination
    from grader.sandbox.wire import kernel

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
PID = 4242
BOTH = ("x86_64", "aarch64")
HEADERS = {"x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "aarch64": "/usr/include/asm-generic/unistd.h"}


def decide(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """Return what the program decides about a system call: a small BPF machine, so that both tables are tried here."""
    here = kernel.MACHINES[machine]
    filled = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, here.audit if audit is None else audit, 0, *[value % 2**64 for value in filled])
    raw = seccomp.program(here, PID)
    code = [struct.unpack_from("<HBBI", raw, at) for at in range(0, len(raw), 8)]
    at = accumulator = 0
    while True:
        operation, if_true, if_false, value = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation in (0x15, 0x35):
            at += if_true if (accumulator == value if operation == 0x15 else accumulator >= value) else if_false
        else:
            assert operation == 0x06
            return int(value)


@pytest.mark.parametrize("machine", BOTH)
def test_table_is_the_kernels(machine: str) -> None:
    """Every number of the table is the one in the kernel's headers."""
    path = Path(HEADERS[machine])
    if not path.exists():
        pytest.skip("no kernel headers here")
    text = path.read_text()
    for name, number in kernel.MACHINES[machine].calls.items():
        alias = rf"(?:{name}|3264_{name})"  # asm-generic writes fcntl and lseek as __NR3264_
        assert re.search(rf"#define __NR_?{alias}\s+{number}\b", text), name


@pytest.mark.parametrize("machine", BOTH)
def test_listed_calls_are_allowed(machine: str) -> None:
    """Reading, writing, memory, clocks and exit go through."""
    calls = kernel.MACHINES[machine].calls
    for name in ("read", "write", "mmap", "munmap", "brk", "futex", "exit_group", "clock_gettime", "getrandom", "rt_sigreturn"):
        assert ALLOW == decide(machine, calls[name]), name


@pytest.mark.parametrize("machine", BOTH)
def test_everything_else_is_refused(machine: str) -> None:
    """Of all numbers up to 600 only those of the table are allowed."""
    here = kernel.MACHINES[machine]
    allowed = {number for number in range(600) if decide(machine, number) == ALLOW}
    assert allowed == {number for name, number in here.calls.items() if name not in seccomp._RULED} | {here.calls["prlimit64"]}


@pytest.mark.parametrize("machine", BOTH)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (17,), ERRNO | errno.EPERM),
        ("clone3", (), ERRNO | errno.ENOSYS),
        ("ioctl", (1, 0x5401), ERRNO | errno.ENOTTY),
        ("ioctl", (1, 0x5412), ERRNO | errno.ENOTTY),
        ("fcntl", (1, 3), ALLOW),
        ("fcntl", (1, 4), ERRNO | errno.EPERM),
        ("kill", (PID, 6), ALLOW),
        ("kill", (PID, 9), ERRNO | errno.EPERM),
        ("kill", (1, 6), ERRNO | errno.EPERM),
        ("kill", (-1, 6), ERRNO | errno.EPERM),
        ("kill", (0, 6), ERRNO | errno.EPERM),
        ("kill", (PID + 2**32, 6), ERRNO | errno.EPERM),
        ("tgkill", (PID, PID, 11), ALLOW),
        ("tgkill", (PID, PID, 19), ERRNO | errno.EPERM),
        ("tgkill", (1, 1, 11), ERRNO | errno.EPERM),
        ("tkill", (PID, 6), ALLOW),
        ("tkill", (1, 6), ERRNO | errno.EPERM),
        ("prlimit64", (0, 9, 0, 1), ALLOW),
        ("prlimit64", (0, 9, 0xFFFF, 0), ERRNO | errno.EPERM),
        ("prlimit64", (0, 9, 2**40, 0), ERRNO | errno.EPERM),
        ("prlimit64", (1, 9, 0, 1), ERRNO | errno.EPERM),
    ],
)
def test_rules_look_at_arguments(machine: str, name: str, arguments: tuple[int, ...], expected: int) -> None:
    """Signals only to itself and only crashes; limits only read; no threads, no forks."""
    assert expected == decide(machine, kernel.MACHINES[machine].calls[name], *arguments)


@pytest.mark.parametrize("machine", BOTH)
def test_foreign_architectures_are_killed(machine: str) -> None:
    """Another architecture's calls end the process, x86's other numbers too."""
    assert KILL == decide(machine, 0, audit=0x40000003)
    assert KILL == decide(machine, 0x40000000)
    assert KILL == decide(machine, 0x40000001)


# --- plans and the floor ---


def test_order_of_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """The box comes first; without one `best` seals, `strict` has nothing left, `none` is open."""
    monkeypatch.setattr(walls, "floor", lambda path=None: "none")
    monkeypatch.setattr(bubblewrap, "find", lambda: "/usr/bin/bwrap")
    box = WallPlan(walls=("namespaces", "seccomp"), bwrap="/usr/bin/bwrap")
    assert ((box, SEALED), ()) == walls.plans("best")
    assert ((box,), ()) == walls.plans("strict")
    monkeypatch.setattr(bubblewrap, "find", lambda: None)
    assert ((SEALED,), ("bubblewrap (bwrap) is not installed",)) == walls.plans("best")
    assert () == walls.plans("strict")[0]
    assert ((OPEN,), ()) == walls.plans("none")


@pytest.mark.parametrize(
    ("text", "level"),
    [("", "none"), ("# nothing\n", "none"), ("isolation = strict  # on this hub\n", "strict"), ("isolation=best\n\n", "best")],
)
def test_floor(tmp_path: Path, text: str, level: str) -> None:
    """The administrator's file says the least."""
    (tmp_path / "policy").write_text(text)
    assert level == walls.floor(tmp_path / "policy")


def test_a_link_to_nothing_is_a_floor_that_cannot_be_read(tmp_path: Path) -> None:
    """Somebody set one, and what it was is not known."""
    (tmp_path / "policy").symlink_to(tmp_path / "not mounted")
    with pytest.raises(SandboxError, match="it cannot be read"):
        walls.floor(tmp_path / "policy")


def test_no_file_is_no_floor(tmp_path: Path) -> None:
    """Without a file nothing is asked for."""
    assert "none" == walls.floor(tmp_path / "policy")


@pytest.mark.parametrize("text", ["isolation = paranoid", "izolation = strict", "strict"])
def test_faulty_floor_is_no_open_door(tmp_path: Path, text: str) -> None:
    """A file that is not understood refuses everything, with its line."""
    (tmp_path / "policy").write_text(f"\n{text}\n")
    with pytest.raises(SandboxError) as caught:
        walls.floor(tmp_path / "policy")
    assert f"{tmp_path / 'policy'}:2: `{text}` is not a setting\n    Write: isolation = strict (or best, or none)" == str(
        caught.value
    )


def test_floor_cannot_be_lowered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--isolation none` under a floor gives what the floor asks for."""
    (tmp_path / "policy").write_text("isolation = best")
    monkeypatch.setattr(walls, "POLICY_FILE", tmp_path / "policy")
    with Sandbox("numpy", "none") as sandbox:
        assert "seccomp" in sandbox.layers


def test_strict_without_bubblewrap_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bubblewrap `strict` is refused at once, with the command that adds it."""
    monkeypatch.setattr(walls, "floor", lambda path=None: "none")
    monkeypatch.setattr(bubblewrap, "find", lambda: None)
    with pytest.raises(SandboxError) as caught:
        Sandbox("numpy", "strict")
    text = str(caught.value)
    assert text.startswith("sandbox: student code cannot be run here under isolation `strict`\n    Bubblewrap (bwrap) is not")
    assert "sudo apt install bubblewrap" in text
    assert "--isolation none" in text


def test_broken_bubblewrap_falls_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that is there and fails is found out by trying: `best` seals, `strict` says why."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(walls, "floor", lambda path=None: "none")
    monkeypatch.setattr(bubblewrap, "find", lambda: str(fake))
    with Sandbox("numpy", "best") as sandbox:
        assert ("best", True) == (sandbox.isolation, "namespaces" not in sandbox.layers)
    with pytest.raises(SandboxError) as caught, Sandbox("numpy", "strict") as sandbox:
        sandbox.layers  # noqa: B018 asking is what finds out
    assert "setting up uid map: Permission denied" in str(caught.value)


def test_old_bubblewrap_goes_without_the_bar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that does not know --disable-userns is used without it."""
    real = bubblewrap.find()
    if real is None:
        pytest.skip("no bubblewrap here")
    fake = tmp_path / "bwrap"
    script = f"""#!/bin/sh
case "$*" in *--disable-userns*) echo "bwrap: Unknown option --disable-userns" >&2; exit 1;; esac
exec {real} "$@"
"""
    fake.write_text(script)
    fake.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "find", lambda: str(fake))
    with Sandbox("numpy", "strict") as sandbox:
        assert "namespaces" in sandbox.layers


def test_box_holds_no_exercises_and_no_home() -> None:
    """The box binds Python, packages and system libraries; of this package only what a child reads."""
    line = bubblewrap.wrapper("bwrap", ["/opt/venv/lib/python3.11/site-packages"])
    package = str(Path(bubblewrap.__file__).parents[2])
    bound = {line[at + 2] for at, word in enumerate(line) if word in ("--ro-bind", "--ro-bind-try", "--dev-bind")}
    assert {path for path in bound if path.startswith(package)} == {
        f"{package}/{part}" for part in ("sandbox/child", "sandbox/wire")
    }
    assert not bound & {"/", "/home", "/root", "/proc", "/tmp", "/etc", "/dev", str(Path.cwd())}
    assert "--unshare-net" in line
    assert "--disable-userns" in line


def test_library_path_opens_no_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its absolute folders are bound and kept, and none that the home or the working directory lies in."""
    (libraries := tmp_path / "libraries").mkdir()
    (home := tmp_path / "home").mkdir()
    (here := home / "course").mkdir()
    (window := tmp_path / "window").symlink_to("/")
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", str(home))
    wide = (".", "", "..", "libraries", "/", "/..", tmp_path, home, here, window, f"{libraries}/../home")
    monkeypatch.setenv("LD_LIBRARY_PATH", ":".join(map(str, (*wide, libraries))) + ";.")
    line = bubblewrap.wrapper("bwrap", [])
    bound = [Path(line[at + 1]) for at, word in enumerate(line) if word == "--ro-bind"]
    assert [libraries] == [
        path for path in bound if not path.is_absolute() or path.resolve() in (Path("/"), home, here, libraries)
    ]
    assert str(libraries) == launch.environment()["LD_LIBRARY_PATH"]


def test_library_path_without_a_folder_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one would mean the working directory."""
    monkeypatch.setenv("LD_LIBRARY_PATH", ".:/")
    assert "LD_LIBRARY_PATH" not in launch.environment()


# as in a container that took the right to change users and groups, and left others
WITHOUT_SETUID = """
import ctypes, re, struct
from pathlib import Path
from grader.sandbox import Sandbox
from grader.sandbox.child import confinement
from grader.sandbox.host.walls import SEALED
status = Path("/proc/self/status")
kept = int(re.search(r"CapPrm:\\s(\\w+)", status.read_text())[1], 16) & ~(0b11 << 6)
low, high = kept & 0xFFFFFFFF, kept >> 32
assert 0 == ctypes.CDLL(None).capset(struct.pack("Ii", 0x20080522, 0), struct.pack("6I", low, low, 0, high, high, 0))
with Sandbox("numpy", plan=SEALED) as sandbox:
    print(sandbox.isolation)
confinement._give_up_privileges()
print(*re.findall(r"(?:Uid|CapEff|CapPrm):\\s(\\w+)", status.read_text()))
"""


def test_root_who_may_not_become_nobody_keeps_no_capability() -> None:
    """In a container that took the right to change users, and left others: graded all the same."""
    if os.geteuid() != 0:
        pytest.skip("only root has something to give up")
    done = subprocess.run([sys.executable, "-c", WITHOUT_SETUID], check=False, capture_output=True, text=True, timeout=60)
    assert f"best\n0 {0:016x} {0:016x}\n" == done.stdout, done.stderr


def test_landlock_alone_keeps_files_away() -> None:
    """Landlock without seccomp already refuses to open anything."""
    if not kernel.landlock_version():
        pytest.skip("no Landlock here")
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            seccomp._prctl(38, 1, 0, 0, 0)
            landlock.restrict(kernel.landlock_version())
            try:
                list(Path("/").iterdir())
            except PermissionError:
                status = 0
        finally:
            os._exit(status)
    assert 0 == os.waitpid(pid, 0)[1]


# --- doctor ---


def test_doctor_tries_the_real_thing() -> None:
    """The examination tells which canaries were stopped, and is satisfied by what holds."""
    found = doctor.examine()
    assert found.satisfies("seccomp")
    stopped = [check for check in found.checks if "canary" in check.name]
    assert len(stopped) >= 10
    assert all(check.holds for check in stopped)
    assert json.loads(json.dumps(found.to_json()))["isolation"] == found.isolation


def test_doctor_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing comes with one command that adds it."""
    monkeypatch.setattr(bubblewrap, "find", lambda: None)
    found = doctor.examine()
    (box,) = [check for check in found.checks if check.name == "box: namespaces"]
    assert (False, "bubblewrap (bwrap) is not on PATH") == (box.holds, box.detail)
    assert "bubblewrap" in box.remedy
    assert not found.satisfies("strict")


def test_doctor_tells_a_shortage_from_a_missing_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no more processes or files may be opened, the remedy is the limit, not another kernel."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: Creating new namespace failed: Resource temporarily unavailable' >&2\nexit 1\n")
    fake.chmod(0o755)
    (check,) = doctor._try("box", WallPlan(walls=("namespaces", "seccomp"), bwrap=str(fake)))[1]
    assert (False, "ulimit -u 1024") == (check.holds, check.remedy)


# a filter under which seccomp(2) answers EINVAL, as on a kernel without it, and then the command
WITHOUT_SECCOMP = """
import os, struct, sys
from grader.sandbox.child import seccomp
from grader.sandbox.wire import kernel
number = kernel.machine().seccomp
code = ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | 22), (0x06, 0, 0, 0x7FFF0000))
seccomp.install(b"".join(struct.pack("<HBBI", *line) for line in code))
os.execv(sys.executable, [sys.executable, "-m", "grader", *sys.argv[1:]])
"""


def without_seccomp(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where there is no seccomp, and return what it says."""
    command = [sys.executable, "-c", WITHOUT_SECCOMP, *arguments]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=60)


def test_without_seccomp_doctor_says_so() -> None:
    """Neither the box nor its absence is called isolation, and bubblewrap is not blamed."""
    told = without_seccomp("doctor")
    assert 1 == told.returncode, told.stderr
    assert told.stdout.startswith("Isolation here: none (rlimits)\n")
    assert "Seccomp does not work here: seccomp did not hold when tried." in told.stdout
    assert "Bubblewrap does not work" not in told.stdout


def test_without_seccomp_grade_refuses(tmp_path: Path) -> None:
    """`grade` does not run untrusted code without the main wall; `--isolation none` is named, and says what it means."""
    (tmp_path / "class" / "s01").mkdir(parents=True)
    (tmp_path / "class" / "s01" / "tanh_layer.py").write_text("def dY_dW(W, X, B): return 0")
    command = ("grade", str(tmp_path / "class"), "-a", "tanh_layer", "-o", str(tmp_path / "out"))
    refused = without_seccomp(*command)
    assert (2, "") == (refused.returncode, refused.stdout)
    assert "student code cannot be run here under isolation `best`" in refused.stderr
    assert "--isolation none" in refused.stderr
    allowed = without_seccomp(*command, "--isolation", "none")
    assert 0 == allowed.returncode, allowed.stderr
    assert "student code can read and change all that you can, its own score too" in allowed.stderr


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({"kernel/apparmor_restrict_unprivileged_userns": "1"}, "sudo tee /etc/apparmor.d/bwrap"),
        ({"kernel/unprivileged_userns_clone": "0"}, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"user/max_user_namespaces": "0"}, "sudo sysctl -w user.max_user_namespaces=15000"),
    ],
)
def test_doctor_knows_what_stands_in_the_way(settings: dict[str, str], command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """AppArmor, a distribution's switch and a limit of nought each have a command of their own."""
    monkeypatch.setattr(doctor, "_kernel_setting", lambda name: settings.get(name, ""))
    monkeypatch.setattr(doctor, "_in_container", lambda: False)
    box = WallPlan(walls=("namespaces", "seccomp"), bwrap="/usr/bin/bwrap")
    assert command in doctor._remedy(box, "Bubblewrap does not work here: setting up uid map: Permission denied")


def test_doctor_command_is_read_at_a_glance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that holds takes two lines, one that does not says why and the command that adds it."""
    checks = (
        Check(name="box: namespaces", holds=False, detail="bwrap is not on PATH", remedy="sudo apt install bubblewrap"),
        Check(name="no box: seccomp", holds=True),
        Check(name="no box: rlimits", holds=True),
        Check(name="no box: canary forks", holds=True, detail="PermissionError"),
        Check(name="no box: canary opens_a_socket", holds=False, detail="it got through"),
        Check(name="no box: a right submission is graded", holds=True),
    )
    facts = {"system": "Linux 6.1 x86_64", "python": "3.11.7", "user": "ordinary"}
    found = Examination(isolation="none", layers=("rlimits",), floor="best", checks=checks, facts=facts)
    monkeypatch.setattr(doctor, "examine", lambda: found)
    result = CliRunner().invoke(command_doctor, [], standalone_mode=False)
    assert 1 == result.return_value
    assert (
        """\
Isolation here: none (rlimits)

  ✗ in the box  bwrap is not on PATH
                sudo apt install bubblewrap
  ✗ no box      seccomp, rlimits
                1 of 2 attacks are stopped and a right submission is graded
                ✗ opens a socket: it got through

  on            Linux 6.1 x86_64, Python 3.11.7, as an ordinary user
  floor         best: the administrator's file lets nobody ask for less
  required      strict, which does not hold
"""
        == result.output
    )


def test_doctor_notices_a_missing_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A positive control: with the walls off the canaries get through, and the examination says so."""
    _, checks = doctor._try("open", OPEN)
    through = {check.name for check in checks if not check.holds}
    assert {"open: canary reads_a_file", "open: canary forks", "open: canary opens_a_socket"} <= through
