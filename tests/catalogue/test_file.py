"""The file of the catalogue: whatever is wrong with it or its folder, the plugins are found all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogue.shelf import AGO, PAINTER, Shelf
from impasto import catalogue
from impasto.catalogue import Plugin
from impasto.catalogue.file import FORMAT, MOST, path_of, read_file, write_file
from impasto.catalogue.places import places
from standins.provider import MODEL
from standins.server import PATIENCE

KNOWN = (Plugin("example", "impasto-example", "1.2", ("list_models",), (MODEL,), value="example"),)


def written_file(folder: Path) -> Path:
    """Write a file that says something of one plugin, and depends on nothing."""
    path = folder / "catalogue-0"
    write_file(path, json.dumps(content()).encode())
    return path


def content() -> dict[str, Any]:
    from impasto.catalogue.entries import written
    from impasto.catalogue.watching import Watched, look

    seen = look(Watched((), (), ()), places())
    return {"environment": "here", "watched": [[], [], []], "seen": seen, "plugins": [written(each) for each in KNOWN]}


def read(path: Path) -> tuple[Plugin, ...] | None:
    return catalogue._read(path, "here", places())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read(written_file(tmp_path)) == KNOWN


SEEDS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@SEEDS
@given(junk=st.binary(max_size=2000))
def test_any_bytes_are_as_no_file(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "catalogue-0"
    path.write_bytes(junk)
    path.chmod(0o600)
    assert read(path) is None


@SEEDS
@given(data=st.data())
def test_a_file_with_a_byte_changed_or_an_end_missing_is_as_no_file(tmp_path: Path, data: st.DataObject) -> None:
    path = written_file(tmp_path)
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        other = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
        path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :])
    assert read(path) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def parts(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the places of everything in a value, at any depth."""
    keys = range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
    return [place, *(each for key in keys for each in parts(value[key], (*place, key)))]


@SEEDS
@given(data=st.data(), other=ANYTHING)
def test_another_value_at_any_depth_raises_nothing(tmp_path: Path, data: st.DataObject, other: Any) -> None:
    said = content()
    *way, last = data.draw(st.sampled_from(parts(said)[1:]))
    inner: Any = said
    for key in way:
        inner = inner[key]
    inner[last] = other
    path = tmp_path / "catalogue-0"
    write_file(path, json.dumps(said).encode())
    found = read(path)
    assert found is None or all(isinstance(each, Plugin) for each in found)


def test_a_file_of_another_format_is_as_no_file(tmp_path: Path) -> None:
    path = written_file(tmp_path)
    old = path.read_bytes().replace(f"catalogue {FORMAT} ".encode(), f"catalogue {FORMAT + 1} ".encode())
    path.write_bytes(old)
    assert read(path) is None


def test_a_file_of_another_environment_is_as_no_file(tmp_path: Path) -> None:
    assert catalogue._read(written_file(tmp_path), "elsewhere", places()) is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_as_no_file(tmp_path: Path, mode: int) -> None:
    path = written_file(tmp_path)
    path.chmod(mode)
    assert read_file(path) is None


def test_a_file_of_somebody_else_is_as_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written_file(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert read_file(path) is None


def test_what_is_no_file_is_as_no_file(tmp_path: Path) -> None:
    pipe = tmp_path / "catalogue-0"
    os.mkfifo(pipe, 0o600)
    assert read_file(pipe) is None
    assert read_file(tmp_path) is None


def test_the_file_is_its_users_alone(tmp_path: Path) -> None:
    path = written_file(tmp_path / "new")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_oldest_files_go_and_what_a_killed_process_has_left(tmp_path: Path) -> None:
    for number in range(MOST + 3):
        (tmp_path / f"catalogue-{number:08x}").touch()
        os.utime(tmp_path / f"catalogue-{number:08x}", (AGO + number, AGO + number))
    (tmp_path / ".impasto-0.tmp").touch()
    os.utime(tmp_path / ".impasto-0.tmp", (AGO - 3600, AGO - 3600))
    (tmp_path / "mine").touch()
    write_file(tmp_path / "catalogue-new", b"")
    left = sorted(each.name for each in tmp_path.iterdir())
    assert len(left) == MOST + 1
    assert {"catalogue-new", "mine"} <= set(left)
    assert f"catalogue-{3:08x}" not in left
    assert f"catalogue-{4:08x}" in left


def test_a_cache_folder_that_is_no_absolute_path_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda _: Path("~/.cache/impasto"))
    assert path_of("here") is None


class TestAStart:
    def test_repairs_a_damaged_file(self, shelf: Shelf) -> None:
        shelf.install("brush")
        shelf.models()
        file = shelf.file()
        assert file is not None
        for damage in (b"", b"\x00" * 100, file.read_bytes()[:-1]):
            file.write_bytes(damage)
            met = shelf.models()
            assert (set(met.said), met.imported) == ({"brush/brush"}, ["brush"])
            assert shelf.models().imported == []

    @pytest.mark.parametrize("cache", ["no-folder/below", "/dev/null/cache", "/proc/cache"])
    def test_does_without_a_folder_that_cannot_be_written(self, shelf: Shelf, cache: str) -> None:
        shelf.install("brush")
        (shelf.work / "no-folder").touch()
        where = str(shelf.work / cache)
        for _ in range(2):
            met = shelf.run("models", XDG_CACHE_HOME=where)
            assert "brush/brush" in met.said
            assert met.imported == ["brush"]

    def test_writes_nothing_that_was_edited_in_the_same_moment(self, shelf: Shelf) -> None:
        shelf.install("brush")
        module = shelf.site / "brush" / "__init__.py"
        os.utime(module)
        assert shelf.models().imported == ["brush"]
        assert shelf.file() is None
        module.write_text(PAINTER.format(name="brush", label="next"))
        assert shelf.models().said == {"brush/brush": "next"}
        os.utime(module, (AGO, AGO))
        shelf.models()
        assert shelf.models().imported == []

    def test_takes_a_file_of_the_far_future_for_an_old_one(self, shelf: Shelf) -> None:
        shelf.install("brush")
        ahead = time.time() + 30 * 86_400
        os.utime(shelf.site / "brush" / "__init__.py", (ahead, ahead))
        shelf.models()
        assert shelf.models().imported == []

    @pytest.mark.parametrize("module", ["brush", "loose"])
    def test_writes_nothing_where_sources_were_imported_before(self, shelf: Shelf, module: str) -> None:
        shelf.install("brush")
        shelf.write("loose.py", "", folder=shelf.lib)
        shelf.python("-c", f"import {module}, impasto; impasto.Client().models()")
        assert shelf.file() is None

    def test_in_a_program_writes_and_reads_the_same_file(self, shelf: Shelf) -> None:
        shelf.install("brush")
        program = "import impasto; print(len(impasto.Client().models()))"
        first = shelf.python("-c", program)
        again = shelf.python("-c", program)
        assert (first.said, again.said) == (again.said, first.said)
        assert (first.imported, again.imported) == (["brush"], [])
        assert shelf.models().imported == []

    def test_of_many_processes_at_once_leaves_a_whole_file(self, shelf: Shelf) -> None:
        for name in ("brush", "pen", "chalk"):
            shelf.install(name)
        program = [sys.executable, "-m", "impasto", "models"]
        environ = {**os.environ, **shelf.environ}
        started = [
            subprocess.Popen(program, cwd=shelf.work, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(6)
        ]
        said = {process.communicate(timeout=3 * PATIENCE)[0] for process in started}
        assert len(said) == 1
        assert all(f"{name}/{name}" in "".join(said) for name in ("brush", "pen", "chalk"))
        assert shelf.models().imported == []
        assert [each.name[:10] for each in (shelf.cache / "impasto").iterdir()] == ["catalogue-"]


def test_the_checksum_is_of_the_content(tmp_path: Path) -> None:
    path = written_file(tmp_path)
    head, _, rest = path.read_bytes().partition(b"\n")
    assert head.endswith(f"{zlib.crc32(rest):08x}".encode())
