"""How the suite is run, and what it says where it cannot be."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import impasto.testing
import impasto.testing.conformance  # here, so that the runs within the tests share it, and every class in it

LITTLE = Path(__file__).parent / "little"


def run(pytester: pytest.Pytester, source: str, *chosen: str, recorded: bool = True) -> pytest.RunResult:
    """Run a test file beside the little plugin and its transcripts."""
    shutil.copy(LITTLE / "impasto_easel.py", pytester.path)
    if recorded:
        shutil.copytree(LITTLE / "transcripts", pytester.path / "transcripts", dirs_exist_ok=True)
    (pytester.path / "test_it.py").write_text(f"from impasto.testing import Conformance\n{source}", "utf-8")
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", *chosen)


def of(plugin: str, *more: str) -> str:
    lines = "".join(f"    {line}\n" for line in (f"plugin = {plugin}", *more))
    return f"class TestIt(Conformance):\n{lines}"


EASEL = "import impasto_easel\n" + of("impasto_easel", "examples = 5")


def test_a_plugin_is_named_by_its_entry_point(pytester: pytest.Pytester) -> None:
    run(pytester, of("'sketch'", "examples = 5"), recorded=False).assert_outcomes(passed=19)


def test_a_plugin_may_be_an_object_and_go_without_transcripts(pytester: pytest.Pytester) -> None:
    source = (
        "import impasto, impasto_easel\n"
        "class Easel:\n"
        "    list_models = impasto.hookimpl(lambda self: impasto_easel.list_models())\n"
        "    build_payload = impasto.hookimpl(\n"
        "        lambda self, model, request: impasto_easel.build_payload(model, request)\n"
        "    )\n"
        "    parse_event = impasto.hookimpl(lambda self, model, event: impasto_easel.parse_event(model, event))\n"
        + of("Easel()", "examples = 5", "transcripts = None")
    )
    run(pytester, source).assert_outcomes(passed=13, skipped=6)


def test_what_a_hook_imports_or_keeps_by_its_arguments_is_its_own_affair(
    pytester: pytest.Pytester,
) -> None:
    source = (
        "import functools, impasto, standins.provider as standin\n"
        "@functools.cache\n"
        "def reversed_(text):\n"
        "    import this_is_lazy\n"
        "    return this_is_lazy.DATA + text[::-1]\n"
        "class Lazy(standin.ExampleProvider):\n"
        "    @impasto.hookimpl\n"
        "    def build_payload(self, model, request):\n"
        "        asked = request.given() | {'prompt': reversed_(request.prompt)}\n"
        "        return impasto.HttpRequest('POST', '/draw', json=asked)\n" + of("Lazy()", "transcripts = None")
    )
    (pytester.path / "this_is_lazy.py").write_text("from pathlib import Path\nDATA = Path(__file__).read_text()[:4]\n")
    assert run(pytester, source, "-k", "build_payload_is_pure").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (of("'no-such-plugin'"), "No plugin 'no-such-plugin' is installed; installed are: "),
        ("import json\n" + of("json"), "implements no hook; mark its functions with @impasto.hookimpl"),
    ],
)
def test_a_plugin_that_cannot_be_loaded_fails_once_and_says_why(
    pytester: pytest.Pytester, source: str, words: str
) -> None:
    result = run(pytester, source)
    assert result.parseoutcomes()["failed"] == 1
    assert words in result.stdout.str()


def test_without_a_transcript_it_says_how_to_record_one(pytester: pytest.Pytester) -> None:
    result = run(pytester, EASEL, recorded=False)
    assert result.parseoutcomes()["failed"] == 1
    assert 'impasto record -m easel/easel-2 "a red fox" -o transcripts/drawn.http' in result.stdout.str()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("# impasto transcript 1", "# a transcript"), "drawn.http, line 1: a transcript begins with"),
        (("model: easel/easel-2\n", ""), "drawn.http names no model: write 'model: PROVIDER/MODEL' into its head."),
        (("easel/easel-2", "easel/easel-9"), "The plugin has no model 'easel/easel-9'; it lists easel/easel-2."),
        (('"seed": 7}\nends', '"sede": 7}\nends'), "the request in the transcript's head is not what the model takes"),
        (
            ("ends: picture", "ends: ContentRejected"),
            "it ends in picture, where the transcript's head says 'ends: Cont",
        ),
        (('"status": "finished"', '"status": "painting"'), "payload 4: it asks for GET /paintings/p1, where"),
    ],
    ids=["first line", "no model", "another model", "a field that is none", "another ending", "no end"],
)
def test_a_transcript_that_is_wrong_is_told_once_with_what_to_do(
    pytester: pytest.Pytester, change: tuple[str, str], words: str
) -> None:
    shutil.copytree(LITTLE / "transcripts", pytester.path / "transcripts")
    path = pytester.path / "transcripts" / "drawn.http"
    text = path.read_text("utf-8")
    assert change[0] in text
    (pytester.path / "own").mkdir()
    (pytester.path / "own" / "drawn.http").write_text(text.replace(*change), "utf-8")
    source = EASEL + "    transcripts = 'own'\n"
    result = run(pytester, source, "-k", "conversation_ends_as_recorded or changed_event", recorded=False)
    assert result.parseoutcomes()["failed"] == 1
    assert words in result.stdout.str()


def test_names_say_where_the_library_is_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Confromance'"):
        impasto.testing.Confromance  # noqa: B018
    assert {"Conformance", "Transcript", "requests_for"} <= set(dir(impasto.testing))
