"""``impasto doctor``: what becomes of each route."""

from __future__ import annotations

import dataclasses
import io
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image as Pillow

import impasto
from cli.installed import Installed, Invoke
from cli.terminals import running
from impasto import Bearer, HttpRequest, Provider, Range, SizeRule
from impasto.cli.doctor import small_size
from impasto.plugins import Plugins
from standins.pictures import picture
from standins.provider import MODEL, ExampleProvider, said
from standins.server import Answer, ScriptedServer, event_stream, reply

HEADINGS = ["ROUTE", "REACHABLE", "KEY", "DREW", "TIME", "WHAT HAPPENED"]
DRAWN = reply(said(kind="done", url="/apple.png", seed=7))
BROKEN = reply('{"error": "out of paint"}', status="500 Oops")


class Studio(ExampleProvider):
    """Tells the service how many pictures it got, and of the mask how it looks in the middle and at the edge."""

    @impasto.hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        if not request.images:
            return super().build_payload(model, request)
        told: dict[str, object] = {"pictures": [[each.width, each.height] for each in request.images]}
        if request.mask is not None:
            with Pillow.open(io.BytesIO(request.mask.data or b"")) as mask:
                told["mask"] = [mask.getpixel((mask.width // 2, mask.height // 2)), mask.getpixel((0, 0))]
        return HttpRequest("POST", "/draw", json=told)


def studio(name: str, auth: impasto.Auth | None = None, *aliases: str, **fields: Any) -> Studio:
    provider = Provider(id=name, url="http://unset.invalid", auth=auth)
    return Studio(dataclasses.replace(MODEL, provider=provider, aliases=aliases or ("any",), **fields))


@pytest.fixture
def studios(
    server: ScriptedServer, plugged: Callable[..., Plugins], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Install providers, each with its answer to a submit."""

    def install(*plugins: ExampleProvider, **answers: Answer) -> None:
        plugged(*plugins)
        for name, answer in answers.items():
            monkeypatch.setenv(f"IMPASTO_PROVIDER_{name.upper()}_URL", f"{server.url}/{name}")
            server.script(f"/{name}/draw", answer)
            server.script(f"/{name}/apple.png", reply(picture(size=(256, 256)), media_type="image/png"))

    return install


def rows(printed: str) -> dict[str, list[str]]:
    """Return the cells of each row but those for the time, by the route."""
    heading, *lines = printed.splitlines()
    starts = [heading.index(each) for each in HEADINGS]
    found = {}
    for line in lines:
        ends = [*starts[1:], len(line) + 1]
        route, *cells = [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
        found[route] = [*cells[:3], cells[4]]
    return found


def test_every_route_of_an_alias_has_its_row(studios: Callable[..., None], invoke: Invoke) -> None:
    studios(studio("alpha"), studio("beta"), alpha=BROKEN, beta=DRAWN)
    result = invoke("doctor", "any")
    assert rows(result.stdout) == {
        "alpha/painter": ["yes", "not needed", "no", "POST /draw: 500 Oops: out of paint"],
        "beta/painter": ["yes", "not needed", "yes", ""],
    }
    assert (result.stderr, result.exit_code) == ("", 0)


def test_the_status_tells_that_no_route_drew(studios: Callable[..., None], invoke: Invoke) -> None:
    studios(studio("alpha"), studio("beta"), alpha=BROKEN, beta=BROKEN)
    result = invoke("doctor", "any")
    assert (result.stderr, result.exit_code) == ("impasto: no route drew for any.\n", 1)


def test_without_a_name_every_route_is_tried_once(
    studios: Callable[..., None], invoke: Invoke, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    studios(studio("alpha", None, "any", "fox"), studio("beta", None, "any", "owl"), alpha=DRAWN, beta=BROKEN)
    monkeypatch.setenv("IMPASTO_ALIASES", "mine=beta/painter")
    result = invoke("doctor")
    assert sorted(rows(result.stdout)) == ["alpha/painter", "beta/painter"]
    assert [path for path in server.paths() if path.endswith("draw")] == ["POST /alpha/draw", "POST /beta/draw"]
    assert (result.stderr, result.exit_code) == ("impasto: no route drew for mine, owl.\n", 1)


def test_without_a_name_a_service_that_is_known_to_be_down_is_passed_over(
    studios: Callable[..., None], invoke: Invoke
) -> None:
    down = dataclasses.replace(MODEL, provider=Provider("beta", working=False), aliases=())
    studios(studio("alpha"), ExampleProvider(down), alpha=DRAWN)
    result = invoke("doctor")
    assert list(rows(result.stdout)) == ["alpha/painter"]
    assert result.exit_code == 0


def test_without_a_name_a_model_that_no_alias_leads_to_is_tried_too(
    studios: Callable[..., None], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    studios(studio("alpha"), studio("beta"), alpha=DRAWN, beta=BROKEN)
    monkeypatch.setenv("IMPASTO_ALIASES", "any=alpha/painter")
    result = invoke("doctor")
    assert list(rows(result.stdout)) == ["alpha/painter", "beta/painter"]
    assert result.stderr == "impasto: no route drew for beta/painter.\n"


def test_an_alias_that_leads_nowhere_is_said_and_the_others_are_tried(
    studios: Callable[..., None], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    studios(studio("alpha"), alpha=DRAWN)
    monkeypatch.setenv("IMPASTO_ALIASES", "mine=nowhere")
    result = invoke("doctor")
    assert rows(result.stdout)["alpha/painter"][2] == "yes"
    assert "There is no model 'nowhere'" in result.stderr
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("auth", "key", "answer", "state"),
    [
        (None, None, DRAWN, "not needed"),
        (Bearer(env="ALPHA_KEY", optional=True), None, DRAWN, "none set"),
        (Bearer(env="ALPHA_KEY"), None, DRAWN, "missing"),
        (Bearer(env="ALPHA_KEY"), "secret-key", DRAWN, "accepted"),
        (Bearer(env="ALPHA_KEY"), "secret-key", reply("{}", status="401 Unauthorized"), "refused"),
        (Bearer(env="ALPHA_KEY", optional=True), None, reply("{}", status="401 Unauthorized"), "missing"),
        (Bearer(env="ALPHA_KEY"), "secret-key", BROKEN, "unknown"),
    ],
)
def test_it_is_told_whether_the_key_was_accepted(
    studios: Callable[..., None],
    invoke: Invoke,
    monkeypatch: pytest.MonkeyPatch,
    auth: impasto.Auth | None,
    key: str | None,
    answer: Answer,
    state: str,
) -> None:
    if key is not None:
        monkeypatch.setenv("ALPHA_KEY", key)
    studios(studio("alpha", auth), alpha=answer)
    result = invoke("doctor", "any", "--yes")
    assert rows(result.stdout)["alpha/painter"][1] == state
    assert "secret-key" not in result.output


def test_a_route_without_its_key_is_not_asked(
    studios: Callable[..., None], invoke: Invoke, server: ScriptedServer
) -> None:
    studios(studio("alpha", Bearer(env="ALPHA_KEY")), alpha=DRAWN)
    reachable, _, drew, words = rows(invoke("doctor", "any").stdout)["alpha/painter"]
    assert (reachable, drew) == ("-", "no")
    assert "set ALPHA_KEY" in words
    assert server.received == []


def test_a_service_that_is_gone_is_not_reachable(
    studios: Callable[..., None], invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    studios(studio("alpha"), alpha=DRAWN)
    monkeypatch.setattr("impasto.policy._FIRST_PAUSE", 0)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("IMPASTO_PROVIDER_ALPHA_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
    reachable, _, _, words = rows(invoke("doctor", "any").stdout)["alpha/painter"]
    assert reachable == "no"
    assert "no connection" in words


@pytest.mark.parametrize(
    ("answer", "reachable"),
    [
        (event_stream(then="hold"), "no"),
        (event_stream(("progress", said(fraction=0.5)), then="hold"), "yes"),
    ],
)
def test_a_service_that_falls_silent_costs_no_more_than_the_deadline(
    studios: Callable[..., None], invoke: Invoke, answer: Answer, reachable: str
) -> None:
    studios(studio("alpha"), studio("beta"), alpha=answer, beta=DRAWN)
    found = rows(invoke("doctor", "any", "--deadline", "0.3").stdout)
    assert found["alpha/painter"] == [reachable, "not needed", "no", "no picture within 0.3 s"]
    assert found["beta/painter"][2] == "yes"


def test_a_plugin_that_fails_is_named(studios: Callable[..., None], invoke: Invoke) -> None:
    class Broken(ExampleProvider):
        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            raise RuntimeError("no easel")

    studios(Broken())
    reachable, _, _, words = rows(invoke("doctor", "paint").stdout)["example/painter"]
    assert reachable == "-"
    assert words.startswith(
        "plugin 'plugin0', hook build_payload: RuntimeError: no easel, in cli/test_doctor.py, line "
    )


def test_json_tells_the_same(studios: Callable[..., None], invoke: Invoke) -> None:
    studios(studio("alpha"), studio("beta"), alpha=DRAWN, beta=BROKEN)
    described = json.loads(invoke("doctor", "any", "--json").stdout)
    assert all(each.pop("seconds") > 0 for each in described["routes"])
    assert described == {
        "names": {"any": True},
        "routes": [
            {"route": "alpha/painter", "key": "not needed", "reachable": True, "tried": True, "drew": True,
             "error": None, "warnings": []},
            {"route": "beta/painter", "key": "not needed", "reachable": True, "tried": True, "drew": False,
             "error": "POST /draw: 500 Oops: out of paint", "warnings": []},
        ],
    }  # fmt: skip


def test_a_small_picture_is_asked_for(studios: Callable[..., None], invoke: Invoke, server: ScriptedServer) -> None:
    studios(studio("alpha"), alpha=DRAWN)
    invoke("doctor", "any")
    asked = server.received[0].json()
    assert (asked["prompt"], asked["width"], asked["height"]) == ("a green apple on a white table", 256, 256)


class TestModelsThatOnlyEdit:
    """They are given pictures to start from, since they draw nothing without."""

    @pytest.mark.parametrize(
        ("fields", "sent"),
        [
            ({"accepts": {"images": Range(1, 1)}, "size": None}, {"pictures": [[256, 256]]}),
            ({"accepts": {"images": Range(2, 4)}, "size": SizeRule(512)}, {"pictures": [[512, 512]] * 2}),
            ({"accepts": {"images": None}, "size": ((300, 200), (600, 400))}, {"pictures": [[300, 200]]}),
            (
                {"accepts": {"images": Range(1, 1), "mask": None}, "size": None, "requires": ("images", "mask")},
                {"pictures": [[256, 256]], "mask": [255, 0]},
            ),
        ],
        ids=["one", "two", "of a listed size", "with a mask"],
    )
    def test_are_given_as_many_plain_pictures_as_they_need(
        self,
        studios: Callable[..., None],
        invoke: Invoke,
        server: ScriptedServer,
        fields: dict[str, Any],
        sent: dict[str, Any],
    ) -> None:
        studios(studio("alpha", **{"requires": ("images",), "defaults": {}, **fields}), alpha=DRAWN)
        assert invoke("doctor", "any").exit_code == 0
        assert server.received[0].json() == sent

    def test_those_that_need_none_are_given_none(
        self, studios: Callable[..., None], invoke: Invoke, server: ScriptedServer
    ) -> None:
        studios(studio("alpha", accepts={"images": None, "mask": None}), alpha=DRAWN)
        invoke("doctor", "any")
        assert "pictures" not in server.received[0].json()


class TestWhatCannotBeTried:
    """A model that needs something which is not there to be given: nothing is asked, and nothing is wrong with it."""

    def needy(self, *aliases: str) -> Studio:
        return studio("alpha", Bearer(env="ALPHA_KEY"), *aliases, accepts={"extra": None}, requires=("extra",))

    def test_is_shown_as_such(self, studios: Callable[..., None], invoke: Invoke, server: ScriptedServer) -> None:
        studios(self.needy(), alpha=DRAWN)
        result = invoke("doctor", "any")
        assert rows(result.stdout)["alpha/painter"] == [
            "-", "missing", "-", "not tried: alpha/painter draws nothing without extra: give extra.",
        ]  # fmt: skip
        assert (result.stderr, result.exit_code) == ("", 0)
        assert server.received == []

    def test_is_what_a_plugin_refuses_too(self, studios: Callable[..., None], invoke: Invoke) -> None:
        class Refusing(ExampleProvider):
            @impasto.hookimpl
            def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
                raise impasto.InvalidRequest("a workflow is needed", parameter="extra")

        studios(Refusing())
        result = invoke("doctor", "paint")
        assert rows(result.stdout)["example/painter"][2:] == ["-", "not tried: a workflow is needed"]
        assert result.exit_code == 0

    def test_leaves_the_status_to_the_others(self, studios: Callable[..., None], invoke: Invoke) -> None:
        studios(self.needy("any", "fox"), studio("beta"), alpha=DRAWN, beta=BROKEN)
        result = invoke("doctor")
        assert (result.stderr, result.exit_code) == ("impasto: no route drew for any.\n", 1)

    def test_is_neither_true_nor_false_in_json(self, studios: Callable[..., None], invoke: Invoke) -> None:
        studios(self.needy(), alpha=DRAWN)
        described = json.loads(invoke("doctor", "any", "--json").stdout)
        assert described["names"] == {"any": None}
        assert [each["tried"] for each in described["routes"]] == [False]


@pytest.mark.parametrize(
    ("size", "small"),
    [
        (None, None),
        (SizeRule(), (256, 256)),
        (SizeRule(minimum=500, multiple=8), (504, 504)),
        (SizeRule(maximum=128), (128, 128)),
        (((1024, 1024), (512, 768), (768, 512)), (512, 768)),
    ],
)
def test_the_smallest_size_that_a_model_draws_well(
    size: SizeRule | tuple[tuple[int, int], ...] | None, small: tuple[int, int] | None
) -> None:
    assert small_size(impasto.Model(Provider("alpha"), "painter", size=size)) == small


class TestServicesThatMayCharge:
    @pytest.fixture(autouse=True)
    def _paid(self, studios: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
        studios(studio("alpha", Bearer(env="ALPHA_KEY")), studio("beta"), alpha=DRAWN, beta=DRAWN)
        monkeypatch.setenv("ALPHA_KEY", "secret-key")

    def test_are_not_used_unasked(self, invoke: Invoke, server: ScriptedServer) -> None:
        with pytest.raises(impasto.InvalidRequest, match=r"^alpha/painter may charge for a small picture: say --yes"):
            invoke("doctor", "any")
        assert server.received == []

    def test_are_used_with_yes(self, invoke: Invoke) -> None:
        assert rows(invoke("doctor", "any", "--yes").stdout)["alpha/painter"][1] == "accepted"

    def test_those_that_are_free_need_no_answer(self, invoke: Invoke) -> None:
        assert rows(invoke("doctor", "beta/painter").stdout)["beta/painter"][2] == "yes"

    def test_headers_of_the_users_may_hold_a_key_too(self, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IMPASTO_PROVIDER_BETA_HEADERS", '{"X-Key": "secret"}')
        with pytest.raises(impasto.InvalidRequest, match="beta/painter may charge"):
            invoke("doctor", "beta/painter")


class TestInATerminal:
    @pytest.mark.parametrize(("typed", "status", "asked"), [("n\r", 130, []), ("y\r", 0, ["POST /draw"])])
    def test_the_answer_is_awaited(
        self, installed: Installed, server: ScriptedServer, typed: str, status: int, asked: list[str]
    ) -> None:
        server.script("/draw", DRAWN)
        server.script("/apple.png", reply(picture(size=(256, 256))))
        with running(installed, "doctor", "paint", EXAMPLE_KEY="secret-key") as terminal:
            terminal.wait_for("example/painter may charge for a small picture.")
            terminal.wait_for("Go on?")
            terminal.type(typed)
            assert terminal.status() == status
        assert [path for path in server.paths() if "draw" in path] == asked

    def test_where_columns_leave_no_room_each_route_is_a_paragraph(
        self, installed: Installed, server: ScriptedServer
    ) -> None:
        server.script("/draw", reply("{}", status="400 Bad Request"))
        with running(installed, "doctor", "paint", columns=60) as terminal:
            assert terminal.status() == 1
        plain = [line.rstrip() for line in terminal.screen()]
        assert plain[0] == "example/painter"
        assert plain[1:4] == ["  reachable      yes", "  key            none set", "  drew           no"]
        assert plain[5] == "  what happened  POST /draw: 400 Bad Request: {}"

    def test_a_row_is_there_as_soon_as_it_is_known(self, installed: Installed, server: ScriptedServer) -> None:
        server.script("/draw", event_stream(("progress", said(fraction=0.5)), then="hold"))
        installed.environ["IMPASTO_ALIASES"] = "all=easel|paint"
        with running(installed, "doctor", "all", columns=120) as terminal:
            terminal.wait_for("50%")
            assert any(line.startswith("easel/easel") and "yes" in line for line in terminal.screen())
            assert terminal.screen()[-1].endswith(" s")
            assert "example/painter" in terminal.screen()[-1]
            terminal.type("\x03")
            assert terminal.status() == 130
