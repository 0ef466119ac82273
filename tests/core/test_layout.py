"""What holds of the tree itself: who may name whom, who may import whom, how long a file may be."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import impasto
from repository import ROOT, files

CORE = ROOT / "core" / "src" / "impasto"

SERVICES = re.compile(
    r"gradio|voodoohop|stability|hf\.space|hugging|replicate|comfyui|automatic1111|openai|midjourney|pollinations"
    r"|fal\.|\bfal\b|together\.ai|black.?forest|\bbfl\b|gemini|vertex|bedrock|dall.?e\b|civitai|cloudflare|fireworks",
    re.IGNORECASE,
)
CITED = {("request.py", "openai")}
"""Whose convention, not service, the core follows, and says so: the chat form of messages."""

NOUNS = {"errors", "events", "payloads", "models", "request", "sizes", "auth"}
"""The ground floor. These rooms may name each other in annotations, which are not imported when a program runs."""

LONGEST_FILE = 400
"""Lines."""


def written() -> Iterator[tuple[Path, str]]:
    """Return the files that people write and read, each with its text."""
    for path in files():
        if path.suffix in {".py", ".md", ".toml", ".txt", ""} and path != Path(__file__):
            yield path, path.read_text(encoding="utf-8")


def rooms() -> list[str]:
    """Return the rooms of the core as docs/architecture.md lists them, from the front door down."""
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\w+)(?:\.py|/)` \|", table, re.MULTILINE)


def room_of(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def imports(tree: ast.AST, *, annotations_only: bool = False) -> Iterator[tuple[str, bool]]:
    """Return what a module imports of the core: a room, and whether that is for annotations alone."""
    for node in ast.iter_child_nodes(tree):
        for_annotations = annotations_only or (
            isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        )
        if isinstance(node, ast.ImportFrom) and node.module == "impasto":
            for alias in node.names:
                yield alias.name, for_annotations
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("impasto."):
            yield str(node.module).split(".")[1], for_annotations
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("impasto."):
                    yield alias.name.split(".")[1], for_annotations
        else:
            yield from imports(node, annotations_only=for_annotations)


def test_the_core_names_no_provider() -> None:
    found = [
        (str(path.relative_to(CORE)), match.group().lower())
        for path in sorted(CORE.rglob("*.py"))
        for match in SERVICES.finditer(path.read_text(encoding="utf-8"))
    ]
    assert sorted(set(found)) == sorted(CITED)


def test_the_core_imports_no_plugin() -> None:
    for path in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.startswith("impasto_")], path


def third_party_imports(path: Path) -> set[str]:
    """Return the distributions, other than the core, whose modules a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"impasto"}
    return {"pillow" if name == "PIL" else name.replace("_", "-") for name in found}


def test_the_core_depends_on_what_it_says_and_on_nothing_else() -> None:
    required = importlib.metadata.requires("impasto") or []
    of_extra = {
        name: {re.split(r"[^\w-]", each)[0] for each in required if f"extra == '{name}'" in each}
        for name in ("testing", "websocket")
    }
    declared = {re.split(r"[^\w-]", each)[0] for each in required if "extra ==" not in each}
    in_testing: set[str] = set()
    elsewhere: set[str] = set()
    for path in CORE.rglob("*.py"):
        (in_testing if room_of(path) == "testing" else elsewhere).update(third_party_imports(path))
    assert elsewhere == declared | of_extra["websocket"]
    assert in_testing - declared == of_extra["testing"]


def test_transcripts_recording_and_replay_need_no_library_for_tests() -> None:
    code = (
        "import sys, impasto.testing.transcript, impasto.testing.recording, impasto.testing.standin\n"
        "print({'pytest', 'hypothesis'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_room_of_the_core_is_in_the_documents_list_and_no_other() -> None:
    inhabited = {path.stem if path.is_file() else path.name for path in CORE.iterdir()}
    assert sorted(rooms()) == sorted(inhabited - {"__init__", "__pycache__", "py"})


def test_imports_go_down_the_list_of_rooms() -> None:
    order = {room: floor for floor, room in enumerate(rooms())}
    upward = []
    for path in sorted(CORE.rglob("*.py")):
        if path == CORE / "__init__.py":
            continue
        here = room_of(path)
        for room, for_annotations in imports(ast.parse(path.read_text(encoding="utf-8"))):
            among_nouns = for_annotations and here in NOUNS and room in NOUNS
            if room != here and order[room] < order[here] and not among_nouns:
                upward.append(f"{path.relative_to(CORE)} imports {room}")
    assert upward == []


def test_importing_impasto_loads_none_of_its_dependencies() -> None:
    code = (
        "import sys, impasto\nprint({'httpx', 'PIL', 'click', 'anyio', 'pluggy', 'platformdirs'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", impasto.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(impasto, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        written_here = value.__doc__ or ""
        assert written_here
        assert not written_here.startswith(f"{name}("), "a dataclass made this one itself"
    else:
        assert name in commented_values()


def commented_values() -> set[str]:
    """Return the module-level names of the core that a string behind them explains."""
    found = set()
    for path in CORE.glob("*.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for statement, after in itertools.pairwise(body):
            explained = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            target = statement.target if isinstance(statement, ast.AnnAssign) else target
            if explained and isinstance(target, ast.Name):
                found.add(target.id)
    return found


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    lengths = {str(path.relative_to(ROOT)): text.count("\n") for path, text in written() if path.suffix == ".py"}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("work that is put off", r"\b(TO[D]O|FIX[M]E|X[X]X|HACK)\b"),
        ("a test that does not run", r"mark\.(skip|skipif|xfail)\b|pytest\.(skip|xfail|importorskip)\(|unittest\.skip"),
        ("a test that waits for time to pass", r"(?<!\w)time\.sleep\("),
        ("the address of a package registry", r"pypi\.org|pythonhosted|registry\.npmjs|crates\.io|index[-]url"),
        ("a path of somebody's machine", r"(?<![\w.~-])/(work|root|home/\w+|Users/\w+)/"),
    ],
)
def test_no_file_holds(what: str, pattern: str) -> None:
    found = [str(path.relative_to(ROOT)) for path, text in written() if re.search(pattern, text)]
    assert found == [], what


def test_asynchronous_tests_run_on_both_loops() -> None:
    lonely = []
    for path, text in written():
        has_one = path.name.startswith("test_") and re.search(r"^\s*async def test_", text, re.MULTILINE)
        if has_one and not re.search(r"pytestmark = .*pytest\.mark\.anyio|@pytest\.mark\.anyio", text):
            lonely.append(str(path.relative_to(ROOT)))
    assert lonely == []


def test_the_lock_file_is_not_part_of_the_repository() -> None:
    assert ROOT / "uv.lock" not in files()
