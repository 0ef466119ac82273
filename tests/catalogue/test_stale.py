"""Whatever is installed, removed, upgraded or edited shows at the next start; a start without that imports nothing."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.shelf import AGO, PAINTER, Shelf
from repository import ROOT

ASSEMBLED = """
from pathlib import Path

import impasto
import easel_helper
from easel import parts

HERE = Path(__file__).parent
COLOURS = sorted(file.stem for file in HERE.glob("*.colour"))
LABEL = " ".join([parts.WORD, easel_helper.WORD, (HERE / "data.txt").read_text(), *COLOURS])
MODEL = impasto.Model(impasto.Provider("easel"), "easel", label=LABEL)

@impasto.hookimpl
def list_models():
    return [MODEL]

@impasto.hookimpl
def build_payload(model, request): ...

@impasto.hookimpl
def parse_event(model, event): ...
"""
"""A plugin whose model's label is put together from a module and a data file of its package and a module beside it."""


@pytest.fixture
def easel(shelf: Shelf) -> Shelf:
    """A shelf with that plugin, known from the file."""
    shelf.write("easel/data.txt", "data")
    shelf.write("easel/parts.py", "WORD = 'part'\n")
    shelf.write("easel_helper.py", "WORD = 'help'\n", folder=shelf.lib)
    shelf.install("easel", ASSEMBLED)
    assert shelf.models().imported == ["easel"]
    known = shelf.models()
    assert (known.said, known.imported) == ({"easel/easel": "part help data"}, [])
    return shelf


def edit(path: Path, old: str, new: str) -> None:
    """Replace words by as many others in a file, and put its time back."""
    assert len(old) == len(new)
    before = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def forget_bytecode(folder: Path) -> None:
    """Remove the bytecode, by whose time and size Python itself takes such an edit for none."""
    for each in folder.rglob("__pycache__"):
        shutil.rmtree(each)


EDITS: dict[str, tuple[Callable[[Shelf], object], str]] = {
    "its module": (lambda shelf: edit(shelf.site / "easel/__init__.py", '" ".join', '"-".join'), "part-help-data"),
    "a module of its package": (lambda shelf: edit(shelf.site / "easel/parts.py", "part", "PART"), "PART help data"),
    "a module beside its package": (
        lambda shelf: edit(shelf.lib / "easel_helper.py", "help", "HELP"),
        "part HELP data",
    ),
    "a data file": (lambda shelf: edit(shelf.site / "easel/data.txt", "data", "DATA"), "part help DATA"),
    "a new file": (lambda shelf: shelf.write("easel/red.colour", ""), "part help data red"),
    "a new file that is named before another": (
        lambda shelf: shelf.write("easel_helper.py", "WORD = 'other'\n"),
        "part other data",
    ),
}


@pytest.mark.parametrize(("change", "label"), EDITS.values(), ids=EDITS)
def test_an_edit_shows_whatever_its_time_says(easel: Shelf, change: Callable[[Shelf], object], label: str) -> None:
    change(easel)
    forget_bytecode(easel.site.parent)
    assert easel.models().said == {"easel/easel": label}
    known = easel.models()
    assert (known.said, known.imported) == ({"easel/easel": label}, [])


def test_one_that_is_installed_shows(easel: Shelf) -> None:
    easel.install("brush")
    assert set(easel.models().said) == {"brush/brush", "easel/easel"}
    assert easel.models().imported == []


def test_one_that_is_removed_is_gone(easel: Shelf) -> None:
    easel.remove("easel")
    assert easel.models().said == {}


def version(shelf: Shelf) -> str:
    line = next(line for line in shelf.run("plugins").said.splitlines() if line.startswith("easel"))
    return str(line.split()[1])


def test_an_upgrade_shows(easel: Shelf) -> None:
    (easel.site / "easel-1.0.dist-info").rename(easel.site / "easel-2.0.dist-info")
    easel.describe("easel", version="2.0")
    assert version(easel) == "2.0"


def test_a_version_that_is_edited_shows(easel: Shelf) -> None:
    edit(easel.site / "easel-1.0.dist-info" / "METADATA", "Version: 1.0", "Version: 1.7")
    assert version(easel) == "1.7"


def test_the_same_version_installed_again_with_other_contents_shows(shelf: Shelf) -> None:
    shelf.install("brush", label="old")
    shelf.models()
    assert shelf.models().imported == []
    shelf.remove("brush")
    shelf.install("brush", label="new")
    assert shelf.models().said == {"brush/brush": "new"}


def test_an_entry_point_that_is_added_by_hand_shows(easel: Shelf) -> None:
    easel.write("brush.py", PAINTER.format(name="brush", label=""))
    entry_points = easel.site / "easel-1.0.dist-info" / "entry_points.txt"
    entry_points.write_text(entry_points.read_text() + "brush = brush\n")
    os.utime(entry_points, (AGO, AGO))
    assert set(easel.models().said) == {"brush/brush", "easel/easel"}


def test_entry_points_that_a_distribution_had_not_before_show(easel: Shelf) -> None:
    easel.write("other-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    easel.models()
    assert easel.models().imported == []
    easel.write("brush.py", PAINTER.format(name="brush", label=""))
    easel.write("other-1.0.dist-info/entry_points.txt", "[impasto]\nbrush = brush\n")
    assert set(easel.models().said) == {"brush/brush", "easel/easel"}


def test_a_library_that_is_installed_again_has_the_plugins_asked_again(easel: Shelf) -> None:
    easel.write("library-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: library\nVersion: 1.0\n")
    easel.models()
    assert easel.models().imported == []
    shutil.rmtree(easel.site / "library-1.0.dist-info")
    easel.write("library-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: library\nVersion: 1.0\n")
    assert easel.models().imported == ["easel"]


class TestLinks:
    """Files that an installer has linked from a store that several environments share."""

    def test_one_more_name_for_a_file_is_no_change(self, easel: Shelf) -> None:
        module = easel.site / "easel" / "parts.py"
        (easel.work / "store").hardlink_to(module)
        easel.models()
        assert easel.models().imported == []
        (easel.work / "store-2").hardlink_to(module)
        assert easel.models().imported == []

    def test_a_distribution_that_is_linked_anew_has_the_plugins_asked_again(self, easel: Shelf) -> None:
        info = easel.site / "library-1.0.dist-info"
        stored = easel.write("stored", "Metadata-Version: 2.1\nName: library\nVersion: 1.0\n", folder=easel.work)
        for _ in range(2):
            info.mkdir()
            (info / "METADATA").hardlink_to(stored)
            os.utime(info, (AGO, AGO))
            assert easel.models().imported == ["easel"]
            assert easel.models().imported == []
            shutil.rmtree(info)
            (easel.work / "in-its-place").mkdir(exist_ok=True)


class TestBroken:
    @pytest.fixture
    def lacking(self, shelf: Shelf) -> Shelf:
        """A shelf with a plugin that lacks a library, and one that takes its place."""
        shelf.install("brush", "import paint_library\n" + PAINTER.format(name="brush", label=""))
        shelf.install("pen")
        assert shelf.models().said == {"pen/pen": ""}
        assert shelf.paint("any").said["provider"] == "pen"
        return shelf

    def test_its_library_that_arrives_makes_it_work(self, lacking: Shelf) -> None:
        lacking.write("paint_library.py", "")
        lacking.write("paint_library-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: paint-library\n")
        assert lacking.paint("any").said["provider"] == "brush"

    def test_its_library_that_arrives_as_a_mere_module_makes_it_work(self, lacking: Shelf) -> None:
        lacking.write("paint_library.py", "", folder=lacking.lib)
        assert lacking.paint("any").said["provider"] == "brush"

    def test_a_module_that_fails_is_watched_though_it_was_never_imported(self, shelf: Shelf) -> None:
        shelf.install("brush", "import paint_library\n" + PAINTER.format(name="brush", label=""))
        shelf.install("pen")
        for fault in ("1 / 0 # division\n", "this is syntax\n"):
            library = shelf.write("paint_library.py", fault, folder=shelf.lib)
            assert shelf.models().said == {"pen/pen": ""}
            assert shelf.paint("any").imported == ["pen"]
            edit(library, fault, f"#{' ' * (len(fault) - 2)}\n")
            forget_bytecode(shelf.lib)
            assert shelf.paint("any").said["provider"] == "brush"


def test_an_archive_that_is_replaced_shows(shelf: Shelf) -> None:
    archive = shelf.lib / "brush.whl"

    def pack(label: str) -> None:
        with zipfile.ZipFile(archive, "w") as whl:
            whl.writestr("brush.py", PAINTER.format(name="brush", label=label))
            whl.writestr("brush-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: brush\nVersion: 1.0\n")
            whl.writestr("brush-1.0.dist-info/entry_points.txt", "[impasto]\nbrush = brush\n")
        os.utime(archive, (AGO, AGO))

    pack("old")
    shelf.environ["PYTHONPATH"] += os.pathsep + str(archive)
    assert shelf.models().said == {"brush/brush": "old"}
    assert shelf.models().imported == []
    pack("new")
    assert shelf.models().said == {"brush/brush": "new"}


def test_a_module_of_the_same_name_in_the_working_folder_is_noticed(easel: Shelf) -> None:
    easel.write("easel.py", PAINTER.format(name="easel", label="here"), folder=easel.work)
    assert easel.models().said == {"easel/easel": "here"}
    (easel.work / "easel.py").unlink()
    assert easel.models().said == {"easel/easel": "part help data"}


def test_distributions_that_are_found_in_another_way_are_asked_for_each_time(easel: Shelf) -> None:
    finder = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, *_): return None\n"
        "    def find_distributions(self, *_): return iter(())\n"
        "sys.meta_path.append(Finder())\n"
        "import impasto\n"
        "impasto.Client().models()\n"
    )
    assert easel.python("-c", finder).imported == ["easel"]
    assert easel.models().imported == []


class TestTheCore:
    @pytest.fixture
    def own_core(self, easel: Shelf, tmp_path: Path) -> Shelf:
        """A shelf with a core of its own, known from the file."""
        shutil.copytree(ROOT / "core" / "src", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (tmp_path / "core").rglob("*"):
            os.utime(path, (AGO, AGO))
        easel.environ["PYTHONPATH"] += os.pathsep + str(tmp_path / "core")
        easel.models()
        assert easel.models().imported == []
        return easel

    def test_an_edit_has_the_plugins_asked_again(self, own_core: Shelf, tmp_path: Path) -> None:
        edit(tmp_path / "core/impasto/models.py", "A service: where", "A service, where")
        assert own_core.models().imported == ["easel"]
        assert own_core.models().imported == []

    def test_an_upgrade_has_the_plugins_asked_again(self, own_core: Shelf, tmp_path: Path) -> None:
        edit(tmp_path / "core/impasto/__init__.py", '__version__ = "0.1.0"', '__version__ = "0.1.1"')
        assert own_core.models().imported == ["easel"]
        assert own_core.models().imported == []


def test_another_python_has_a_catalogue_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from impasto.catalogue.file import path_of
    from impasto.catalogue.places import environment, places

    here = path_of(environment(places()))
    monkeypatch.setattr(sys, "version", "3.99.0")
    another = path_of(environment(places()))
    monkeypatch.setattr(sys, "prefix", "/elsewhere")
    assert len({here, another, path_of(environment(places()))}) == 3


def test_a_package_with_very_many_files_is_watched_where_it_was_imported(shelf: Shelf) -> None:
    shelf.install(
        "easel",
        "from easel.deep import paint\n"
        + PAINTER.format(name="easel", label="{label}").replace('"{label}"', "paint.LABEL"),
    )
    shelf.write("easel/deep/__init__.py", "")
    module = shelf.write("easel/deep/paint.py", "LABEL = 'old'\n")
    for number in range(1001):
        (shelf.site / "easel" / f"{number}.txt").touch()
    os.utime(shelf.site / "easel", (AGO, AGO))
    shelf.models()
    for folder in (shelf.site / "easel", shelf.site / "easel/deep"):
        os.utime(folder, (AGO, AGO))
    shelf.models()
    assert shelf.models().imported == []
    edit(module, "old", "new")
    forget_bytecode(shelf.site)
    assert shelf.models().said == {"easel/easel": "new"}
