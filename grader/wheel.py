"""
Pack this package as a wheel, for students and containers: the same bytes each time, however this copy was installed.

It is packed from the files that run here: the package is on no index, and a build would need one for its tools.
`python -m grader.wheel [FOLDER]` writes it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from grader import installed
from grader.exercise import catalogue
from grader.version import VERSION

NAME = f"autograd_grader-{VERSION}-py3-none-any.whl"
_INFO = f"autograd_grader-{VERSION}.dist-info"
_SUFFIXES = frozenset({".py", ".css", ".js", ".json", ".typed"})  # a file of another kind in a checkout is somebody's own
_RECORDS, _EXERCISES = "reference/_records", "_exercises"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same wheel has the same bytes


def pack(*, with_catalogue: bool = True) -> bytes:
    """Pack the wheel, with or without the exercises; model answers, example classes and tests are in neither."""
    files = {f"grader/{name}": data for name, data in _package()}
    if with_catalogue:
        files |= {f"grader/{name}": data for name, data in _catalogue()}
    files |= {f"{_INFO}/licenses/{name}": data for name, data in _licences()}
    files[f"{_INFO}/METADATA"] = _metadata().encode()
    files[f"{_INFO}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{_INFO}/entry_points.txt"] = b"[console_scripts]\ngrader = grader.__main__:main\n"
    files[f"{_INFO}/RECORD"] = _record(files).encode()
    return zipped(files)


def zipped(files: Mapping[str, bytes], *, executable: tuple[str, ...] = ()) -> bytes:
    """Zip files in such a way that only the owner may change what is unpacked."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, wherever it is packed: the mode below is Unix's
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def _package() -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).parent
    for path in sorted(package.rglob("*")):
        inner = path.relative_to(package)
        if path.suffix in _SUFFIXES and not {"_records", _EXERCISES, "__pycache__"} & set(inner.parts) and path.is_file():
            yield inner.as_posix(), path.read_bytes()


def _catalogue() -> Iterator[tuple[str, bytes]]:
    """Yield the exercises that have a public record. Others in a checkout's folder are somebody's own, perhaps for an exam."""
    records = sorted((Path(__file__).parent / _RECORDS).glob("*.record"))
    folder, ids = catalogue.shipped(), {path.stem.rpartition("-")[0] for path in records}
    for path in records:
        yield f"{_RECORDS}/{path.name}", path.read_bytes()
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        ours = path.stem in ids if inner.parent == Path() else inner.parent == Path("assignments")
        if path.name == "LICENSE" or (ours and path.suffix == ".yaml"):
            yield f"{_EXERCISES}/{inner.as_posix()}", path.read_bytes()


def _licences() -> Iterator[tuple[str, bytes]]:
    """Yield the licences of code and exercises, from the checkout or from the installed distribution."""
    checkout = Path(__file__).parent.parent
    for name in ("LICENSE", "exercises/LICENSE"):
        if (checkout / "pyproject.toml").is_file():
            yield name, (checkout / name).read_bytes()
            continue
        with suppress(PackageNotFoundError):
            if text := distribution("autograd-grader").read_text(f"licenses/{name}"):
                yield name, text.encode()


def _metadata() -> str:
    lines = ["Metadata-Version: 2.1", "Name: autograd-grader", f"Version: {VERSION}"]
    lines += ["Summary: Grade derivative exercises", "License: MIT AND CC-BY-4.0"]
    lines += [f"Requires-Python: {installed.PYTHON}", *(f"Requires-Dist: {one}" for one in installed.CORE)]
    for extra, requirements in installed.EXTRAS.items():
        lines += [f"Provides-Extra: {extra}", *(f'Requires-Dist: {one} ; extra == "{extra}"' for one in requirements)]
    every = sorted(one for requirements in installed.EXTRAS.values() for one in requirements)
    lines += ["Provides-Extra: all", *(f'Requires-Dist: {one} ; extra == "all"' for one in every)]
    return "\n".join(lines) + "\n"


def _record(files: Mapping[str, bytes]) -> str:
    rows = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    return "\n".join([*rows, f"{_INFO}/RECORD,,"]) + "\n"


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    folder = Path(*sys.argv[1:2])
    if len(sys.argv) > 2 or not folder.is_dir():
        sys.exit("Write: python -m grader.wheel [FOLDER]. The folder must exist.")
    path = folder / NAME
    path.write_bytes(pack())
    print(path)
