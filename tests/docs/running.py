"""How the blocks of a document are run: each as a reader would, who follows the document from its beginning.

- ``python``: run, in one namespace for the whole document; ``await`` may stand at the top, as in a notebook.
- ``toml``: read as settings.
- ``console``: what stands behind ``$ `` is run in a shell; below it is what it prints, with ``…`` for anything.
- with ``title="NAME"``: written to that file, whatever the language; with ``title="NAME, continued"``, behind what is
  there and two empty lines.
- ``sh``: commands for a fresh machine, which have tests of their own; ``text`` and ``json``: not run.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import impasto
from docs.documents import Block

NOT_RUN = {"sh", "text", "json"}

_ERROR = re.compile(r"^(impasto|Error|Usage): ?", re.MULTILINE)


def run_python(block: Block, namespace: dict[str, Any]) -> None:
    """Run the block; errors name the document's own lines."""
    source = "\n" * (block.line - 1) + block.source
    code = compile(source, str(block.path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, namespace))
    else:
        exec(code, namespace)


def read_settings(block: Block, folder: Path) -> impasto.Settings:
    """Read the block as a settings file."""
    path = folder / "shown-settings.toml"
    path.write_text(block.source, encoding="utf-8")
    try:
        return impasto.Settings.load({"IMPASTO_CONFIG": str(path)})
    finally:
        path.unlink()


def run_console(block: Block, environ: Mapping[str, str], folder: Path) -> None:
    """Run the block's commands in the folder, and compare what they print."""
    for command, shown in _commands(block):
        done = subprocess.run(
            ["bash", "-c", command],
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        may_fail = _ERROR.search(shown) is not None
        assert (done.returncode != 0) == may_fail, f"{block}: {command}: status {done.returncode}\n{done.stdout}"
        if shown:
            assert matches(shown, done.stdout), f"{block}: {command}: shown\n{shown}\nbut it prints\n{done.stdout}"


def matches(shown: str, printed: str) -> bool:
    """Tell whether a command printed what a document shows; ``…`` stands for anything, also for several lines."""
    pattern = r".*".join(re.escape(part) for part in _trimmed(shown).split("…"))
    return re.fullmatch(pattern, _trimmed(printed), re.DOTALL) is not None


def write_file(block: Block, folder: Path) -> None:
    """Write a titled block to its file, or to the end of it."""
    path = folder / str(block.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if block.continues else "w", encoding="utf-8") as file:
        file.write("\n\n" * block.continues + block.source)


def _commands(block: Block) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    continued = False
    for line in block.source.splitlines(keepends=True):
        if continued:
            found[-1] = (found[-1][0] + line.removeprefix("> "), "")
        elif line.startswith("$ "):
            found.append((line[2:], ""))
        else:
            assert found, f"{block}: output stands before the first command"
            found[-1] = (found[-1][0], found[-1][1] + line)
        continued = found[-1][1] == "" and found[-1][0].endswith("\\\n")
    assert found, f"{block}: there is no command; a command stands behind '$ '"
    return found


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
