"""A plugin that is right passes the conformance suite; broken in any of these ways, it fails, and is told why."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import impasto.testing.conformance  # noqa: F401 - here, so that the runs within the tests share its classes

LITTLE = Path(__file__).parent / "little"

SUITE = """
import impasto_easel
from impasto.testing import Conformance

class TestConformance(Conformance):
    plugin = impasto_easel
    examples = 20
"""


@dataclass(frozen=True)
class Way:
    """A way to break the plugin: what stands in its place, which test fails, and which words are in its message."""

    name: str
    right: str
    wrong: str
    test: str
    words: str


ASKED = '    asked: dict[str, object] = {"prompt": request.prompt, "size": [request.width, request.height]}\n'
SUBMIT = 'HttpRequest("POST", "/paintings", json=asked)'
WITH = 'HttpRequest("POST", "/paintings", json=asked, {})'
SENDING = 'HttpRequest("POST", "/paintings", json={{**asked, "x": {}}})'
PLAIN = "test_a_payload_is_built_for_each_parameter"
SAID = "    said = event.json()\n"

WAYS = [
    Way("an alias with a space", 'aliases=("easel",)', 'aliases=("easel two",)',
        "test_the_plugin_loads", "a model's name is letters, digits and . _ : @ / -, not 'easel two'"),
    Way("an alias that is text", 'aliases=("easel",)', 'aliases="easel"',
        "test_a_model_is_well_formed", "aliases='easel' is text, of which every letter would be an alias"),
    Way("a default beyond the range", '"width": 1024', '"width": 4096',
        "test_a_model_is_well_formed", "a prompt alone is refused by its own declaration"),
    Way("an accepted parameter that is refused", "    if request.seed is not None:\n",
        "    if request.seed and request.seed > 2**31:\n        raise InvalidRequest('seed too large')\n"
        "    if request.seed is not None:\n",
        PLAIN, "build_payload refuses seed=4294967295, though easel/easel-2"),
    Way("an accepted parameter that fails at its edge", "    if request.seed is not None:\n",
        "    asked['odds'] = 1 / (2**32 - 1 - request.seed)\n    if request.seed is not None:\n",
        PLAIN, "seed=4294967295: plugin 'impasto_easel', hook build_payload: "
        "ZeroDivisionError"),
    Way("an accepted parameter that is ignored", "    if request.negative_prompt:\n", "    if False:\n",
        "test_every_parameter_is_sent", "declares that it takes negative_prompt, but what is sent is the same"),
    Way("an alias of a model that is to go", 'aliases=("easel",),', 'aliases=("easel",), deprecated="retires in May",',
        "test_a_model_is_well_formed", "it is deprecated, and has the aliases easel: leave them to models that stay"),
    Way("a requirement that is not accepted", 'aliases=("easel",),', 'aliases=("easel",), requires=("images",),',
        "test_a_model_is_well_formed", "it requires images, which accepts does not name: add it there"),
    Way("pictures that are not sent", 'accepts={', 'accepts={"images": Range(1, 2), ',
        "test_every_parameter_is_sent", "declares that it takes images, but what is sent is the same"),
    Way("a lane with lanes of its own", SUBMIT,
        'HttpRequest("POST", "/paintings", json=asked, beside=(HttpRequest("GET", "/a", beside=('
        'HttpRequest("GET", "/b"),)),))',
        PLAIN, "beside: GET /a is a lane, and has none of its own"),
    Way("a key in a lane", SUBMIT,
        'HttpRequest("POST", "/paintings", json=asked, beside=(HttpRequest("GET", "/a", headers={"X-API-Key": "k"}),))',
        "test_no_key_is_in_a_payload", "beside: headers['X-API-Key'] is where a key travels"),
    Way("a clock", ASKED, ASKED + "    import time\n    asked['at'] = time.time()\n",
        "test_build_payload_is_pure", "build_payload: it reads the clock (time.time), at impasto_easel.py, line "),
    Way("a clock that was imported by name", ASKED,
        ASKED + "    from datetime import datetime\n    asked['at'] = datetime.now().isoformat()\n",
        "test_build_payload_is_pure", "it reads the clock (datetime.now)"),
    Way("a file", ASKED, ASKED + "    asked['style'] = __import__('pathlib').Path(__file__).read_text()[:9]\n",
        "test_build_payload_is_pure", "it opens a file"),
    Way("a socket, caught", ASKED, ASKED + "    import socket\n    try:\n"
        "        socket.create_connection(('127.0.0.1', 9))\n    except Exception:\n        pass\n",
        "test_build_payload_is_pure", "the network"),
    Way("a key from the environment", SUBMIT,
        WITH.format('headers={"X-Own": __import__("os").environ["EASEL_KEY"]}'),
        "test_no_key_is_in_a_payload", "headers['X-Own'] holds the value of EASEL_KEY"),
    Way("a key from the environment, kept at import", SUBMIT, WITH.format('headers={"X-Own": KEPT}'),
        "test_no_key_is_kept_when_the_module_is_imported", "A payload holds the value of EASEL_KEY"),
    Way("a header for a key", SUBMIT, WITH.format('headers={"Authorization": "Bearer"}'),
        "test_no_key_is_in_a_payload", "headers['Authorization'] is where a key travels. A plugin never sees a key"),
    Way("the environment", ASKED, ASKED + "    import os\n    asked['user'] = os.environ.get('USER')\n",
        "test_build_payload_is_pure", "it reads the environment (USER)"),
    Way("a counter of the module's", ASKED, ASKED + "    COUNT.append(1)\n",
        "test_build_payload_is_pure", "build_payload changes impasto_easel.COUNT"),
    Way("a payload that is another one every time", ASKED,
        ASKED + "    import uuid\n    asked['nonce'] = str(uuid.uuid4())\n",
        "test_build_payload_is_pure", "it draws at random"),
    Way("an argument that is changed", SAID, SAID + "    event.payload.headers['x'] = 'y'\n",
        "test_events_are_read_purely", "parse_event changes what it is given"),
    Way("JSON that is none", SUBMIT, SENDING.format("{1, 2}"),
        PLAIN, "json cannot be sent: Object of type set is not JSON serializable"),
    Way("JSON with a number that is none", SUBMIT, SENDING.format('float("nan")'),
        PLAIN, "json cannot be sent: Out of range float values"),
    Way("a memory that is no plain data", SUBMIT, WITH.format('step={"at": object()}'),
        PLAIN, "is not plain data): step and all other parts must be plain data"),
    Way("a prompt in an address, unquoted", SUBMIT,
        'HttpRequest("GET", f"/paint/{request.prompt}", params={"a": str(asked)})',
        PLAIN, "urllib.parse.quote"),
    Way("an answer of nothing", SAID, SAID + "    if said['status'] == 'waiting':\n        return None\n",
        "test_a_conversation_ends_as_recorded", "hook parse_event: returned nothing instead of a list of outcomes"),
    Way("an answer of text", SAID, SAID + "    if said['status'] == 'waiting':\n        return 'waiting'\n",
        "test_a_conversation_ends_as_recorded", "returned str 'waiting' instead of a list of outcomes"),
    Way("an unknown status that is asked for again",
        "        case other:\n            raise ValueError(f\"unknown status {other!r}\")\n",
        "        case other:\n            return [Follow(event.payload, after=1)]\n"
        "    return []\n",
        "test_an_answer_that_says_nothing_is_not_asked_for_again", "is asked for again when it is answered with b'{}'"),
    Way("an exception of its own over a web page", SAID,
        "    if b'<' in event.data:\n        raise OSError('a page')\n" + SAID,
        "test_a_changed_event_is_an_error_at_worst",
        "replaced by a web page: plugin 'impasto_easel', hook parse_event: OSError: a page"),
    Way("an assertion about an answer", SAID, SAID + "    assert isinstance(said, dict)\n",
        "test_a_changed_event_is_an_error_at_worst", "What a server gets wrong is a ResponseError"),
    Way("another request than was recorded", '"POST", "/paintings"', '"POST", "/drawings"',
        "test_a_conversation_ends_as_recorded", "it asks for POST /drawings, where the transcript has POST /paintings"),
    Way("an error of another kind", "raise ContentRejected(said[\"why\"])", "raise ResponseError(said[\"why\"])",
        "test_a_conversation_ends_as_recorded",
        "it ends in ResponseError (foxes are not allowed), where the transcript's"),
]  # fmt: skip


def run(pytester: pytest.Pytester, way: Way | None = None) -> pytest.RunResult:
    source = (LITTLE / "impasto_easel.py").read_text("utf-8")
    source = source.replace("    ContentRejected,\n", "    ContentRejected,\n    InvalidRequest,\n    ResponseError,\n")
    source += '\n\nimport os\n\nCOUNT = []\nKEPT = os.environ.get("EASEL_KEY", "")\n'
    if way is not None:
        assert source.count(way.right) == 1
        source = source.replace(way.right, way.wrong).replace('["EASEL_KEY"]', '.get("EASEL_KEY", "")')
        if way.name.startswith("an unknown status"):
            source = source.replace('match said["status"]', 'match said.get("status")')
    (pytester.path / "impasto_easel.py").write_text(source, "utf-8")
    (pytester.path / "test_easel.py").write_text(SUITE, "utf-8")
    shutil.copytree(LITTLE / "transcripts", pytester.path / "transcripts")
    chosen = ("-k", way.test) if way else ()
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider", "--no-header", *chosen)


def test_a_plugin_that_is_right_passes(pytester: pytest.Pytester) -> None:
    run(pytester).assert_outcomes(passed=25)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_plugin_that_is_broken_fails_and_is_told_why(pytester: pytest.Pytester, way: Way) -> None:
    result = run(pytester, way)
    output = result.stdout.str()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert f"TestConformance.{way.test}" in output
    assert way.words in output.replace("\n", " ") or way.words in output
    for noise in ("Falsifying example", "Traceback", "During handling"):
        assert noise not in output
