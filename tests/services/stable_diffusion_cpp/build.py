"""Builds ``sd-server`` of stable-diffusion.cpp with the machine's C++ compiler, once for each clone: some two minutes.

Its source, server and all, is in the sdist of ``stable-diffusion-cpp-python``; the wheel that pip would make of it has
only the library. CMake and ninja come from PyPI too. Versions are pinned in ``cmake.txt`` and ``source.txt``.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pinned import python_with

_HERE = Path(__file__).parent
_SHELF = Path(__file__).parents[3] / ".cache" / "services"
_SOURCE = "vendor/stable-diffusion.cpp/"
_FLAGS = "-O1 -DNDEBUG"
_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=None",
    f"-DCMAKE_C_FLAGS={_FLAGS}",
    f"-DCMAKE_CXX_FLAGS={_FLAGS}",
    "-DSD_BUILD_EXAMPLES=ON",
    "-DSD_SERVER_BUILD_FRONTEND=OFF",
    "-DSD_WEBP=OFF",
    "-DSD_WEBM=OFF",
    "-DGGML_CPU_REPACK=OFF",
    "-DGGML_NATIVE=OFF",
    "-DGGML_OPENMP=OFF",
)
_VOCABULARIES = "src/tokenizers/vocab/"
_UNUSED = ("mistral.hpp", "qwen.hpp", "umt5.hpp")
"""Vocabularies of other models than the one we serve: 100 MB of numbers, half a minute and 2 GB for the compiler."""

_ENVIRON = dict(os.environ)
"""As it was when this was imported: while a test runs, the home, and with it pip's settings, is another."""


def sd_server() -> Path:
    """Return the server's program, built now if need be.

    Two processes may do so at once: each builds its own, and the first to finish gives it its name.

    Raises:
        RuntimeError: there is no C++ compiler, or a step fails; the message says which, and ends as its output does.
    """
    files = [(_HERE / name).read_bytes() for name in ("cmake.txt", "source.txt")]
    parts = [*files, *(each.encode() for each in (*_OPTIONS, *_UNUSED, platform.system(), platform.machine()))]
    program = _SHELF / f"sd-server-{hashlib.sha256(b'|'.join(parts)).hexdigest()[:16]}"
    if not program.exists():
        _check_compiler()
        _SHELF.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sd-server.", dir=_SHELF) as folder:
            _built_in(Path(folder)).replace(program)
    return program


def _check_compiler() -> None:
    named = _ENVIRON.get("CXX")
    if not any(shutil.which(each) for each in ([named] if named else ["c++", "g++", "clang++", "cl"])):
        raise RuntimeError(
            "sd-server, a real server that these tests need, is built from source, and there is no C++ compiler: "
            "install g++ or clang++ (Debian: apt install g++), or name one in CXX."
        )


def _built_in(folder: Path) -> Path:
    python = python_with(_HERE / "cmake.txt", "services")
    fetch = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    given = ["--no-build-isolation", "--require-hashes", "--requirement", str(_HERE / "source.txt")]
    _run([*fetch, *given, "--dest", str(folder)], python)
    (archive,) = folder.glob("*.tar.gz")
    source = _unpack(archive, folder)
    _run(
        [str(python.with_name("cmake")), "-S", str(source), "-B", str(folder / "build"), "-G", "Ninja", *_OPTIONS],
        python,
    )
    _run([str(python.with_name("ninja")), "-C", str(folder / "build"), "sd-server"], python)
    return folder / "build" / "bin" / "sd-server"


def _unpack(archive: Path, folder: Path) -> Path:
    """Unpack the source, with unused vocabularies empty, and return its folder."""
    with tarfile.open(archive) as tar:
        root = tar.next()
        assert root is not None
        source = folder / root.name.partition("/")[0] / _SOURCE
        for member in tar:
            _, _, name = member.name.partition(f"/{_SOURCE}")
            if not name:
                continue
            tar.extract(member, folder, filter="data")
            if name.startswith(_VOCABULARIES) and name.endswith(_UNUSED):
                path = source / name
                path.write_text("\n".join(_emptied(path)))
    return source


def _emptied(header: Path) -> Iterator[str]:
    """Yield the arrays of a header, each with nothing but a zero in it."""
    with header.open() as lines:
        for line in lines:
            if found := re.match(r"static const unsigned char \w+\[\] = \{", line):
                yield f"{found[0]}0}};"


def _run(command: list[str], python: Path) -> None:
    environ = {**_ENVIRON, "PATH": os.pathsep.join([str(python.parent), _ENVIRON.get("PATH", "")])}
    done = subprocess.run(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"sd-server could not be built: {' '.join(command)} failed:\n{done.stdout[-3000:]}")
