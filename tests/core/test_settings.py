"""What can be set, where, and how a mistake is told."""

from __future__ import annotations

import copy
import pickle
import re
import tomllib
from typing import TYPE_CHECKING

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import SettingsError
from impasto.settings import Bounds, Secret, Settings, Timeouts
from impasto.settings.file import line_of

if TYPE_CHECKING:
    from pathlib import Path

KEYS = st.from_regex(r"sk-[A-Za-z0-9_]{12,40}", fullmatch=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def loaded(file: Path, text: str | bytes, **environ: str) -> Settings:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Settings.load({"IMPASTO_CONFIG": str(file), **environ})


def complaint(file: Path, text: str | bytes, **environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(file, text, **environ)
    assert caught.value.__cause__ is None
    return str(caught.value)


class TestTheFile:
    def test_says_everything(self, file: Path) -> None:
        settings = loaded(
            file,
            """
            default_model = "sd-3.5"
            proxy = "http://user:hunter2@localhost:3128/"
            [timeouts]
            connect = 1
            idle = 2.5
            [bounds]
            image_pixels = 1000
            redirects = 0
            [aliases]
            fast = "flux"
            best = ["example/large", "flux"]
            [providers.example]
            url = "https://images.example.com/api/"
            key = " sk-1 "
            origins = ["https://files.example.com/"]
            max_concurrency = 2
            headers = { X-Team = "pictures" }
            timeouts.deadline = 900
            """,
        )
        assert settings.default_model == "sd-3.5"
        assert settings.proxy == "http://user:hunter2@localhost:3128"
        assert settings.timeouts == Timeouts(connect=1, idle=2.5, deadline=300)
        assert settings.bounds == Bounds(image_pixels=1000, redirects=0)
        assert settings.aliases == {"fast": ("flux",), "best": ("example/large", "flux")}
        example = settings.provider("example")
        assert example.url == "https://images.example.com/api"
        assert example.key == Secret("sk-1")
        assert example.origins == ("https://files.example.com",)
        assert example.max_concurrency == 2
        assert example.headers == {"X-Team": "pictures"}
        assert example.timeouts == Timeouts(connect=1, idle=2.5, deadline=900)

    def test_may_be_empty_or_begin_with_a_bom(self, file: Path) -> None:
        assert loaded(file, "") == Settings()
        assert loaded(file, b'\xef\xbb\xbfdefault_model = "a"\r\n').default_model == "a"

    def test_is_the_platforms_own_and_need_not_exist(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(platformdirs, "user_config_path", lambda name: tmp_path / name)
        assert Settings.load({"IMPASTO_CONFIG": " "}) == Settings()
        (tmp_path / "impasto").mkdir()
        (tmp_path / "impasto" / "settings.toml").write_text('default_model = "a"')
        assert Settings.load({}).default_model == "a"

    def test_that_is_named_holds_over_the_variable(self, file: Path, tmp_path: Path) -> None:
        file.write_text('default_model = "a"')
        assert Settings.load({"IMPASTO_CONFIG": str(tmp_path / "other")}, file).default_model == "a"

    def test_that_is_named_must_exist(self, file: Path) -> None:
        with pytest.raises(SettingsError, match=rf"{re.escape(str(file))}.*IMPASTO_CONFIG"):
            Settings.load({"IMPASTO_CONFIG": str(file)})
        with pytest.raises(SettingsError, match=re.escape(str(file))):
            Settings.load({}, file)

    def test_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=re.escape(f"{tmp_path}: cannot be read: Is a directory")):
            Settings.load({}, tmp_path)

    def test_with_a_number_beyond_reason_is_told(self, file: Path) -> None:
        assert complaint(file, "timeouts.idle = 1" + "0" * 5000).startswith(f"{file}: is not TOML: ")

    def test_has_a_largest_size(self, file: Path) -> None:
        assert "longer than" in complaint(file, b"#" * (1024 * 1024 + 1))

    def test_must_be_utf8(self, file: Path) -> None:
        assert complaint(file, b"# one\n# two\n# \xff\n") == f"{file}, line 3: is not UTF-8."

    def test_must_be_toml(self, file: Path) -> None:
        said = complaint(file, "default_model = 'a'\n[timeouts]\nconnect = = 2\n")
        assert said.startswith(f"{file}: is not TOML: ")
        assert "line 3" in said


MISTAKES = [
    ("default_model = 3", "default_model: must be text, not a whole number"),
    ('default_model = " "', "default_model: is blank"),
    ('default_model = "a b"', "default_model: a name is"),
    ("plugins = 3", "plugins: must be a table, not a whole number"),
    ("plugins.blok = ['a']", "plugins.blok: there is no such setting; did you mean block?"),
    ("plugins.block = 'a'", "plugins.block: must be a list of the names of plugins, not text"),
    ("plugins.block = [3]", "plugins.block: must be text, not a whole number"),
    ("plugins.only = []", "plugins.only: the list is empty; leave it out to use every plugin"),
    ("timeouts = 3", "timeouts: must be a table, not a whole number"),
    ("timeouts.conect = 3", "timeouts.conect: there is no such setting; did you mean connect?"),
    ("timeouts.idle = 0", "timeouts.idle: must be a positive number of seconds, not 0"),
    ("timeouts.idle = inf", "timeouts.idle: must be a positive number of seconds, not inf"),
    ("timeouts.idle = nan", "timeouts.idle: must be a positive number of seconds, not nan"),
    (f"timeouts.idle = {10**400}", "timeouts.idle: must be a positive number of seconds"),
    ("timeouts.idle = true", "timeouts.idle: must be a number of seconds, not true or false"),
    ("timeouts.idle = 1979-05-27", "timeouts.idle: must be a number of seconds, not a date"),
    ("bounds.events = 0", "bounds.events: must be 1 or more, not 0"),
    ("bounds.redirects = -1", "bounds.redirects: must be 0 or more, not -1"),
    ("bounds.events = 1.5", "bounds.events: must be a whole number, not a number"),
    ("aliases.fast = []", "aliases.fast: the list is empty"),
    ("aliases.fast = 3", "aliases.fast: must be a name or a list of names"),
    ('aliases.fast = ["a", 3]', "aliases.fast: must be text"),
    ('aliases."a b" = "c"', 'aliases."a b": a name is'),
    ('proxy = "localhost:3128"', "proxy: must be the address of a proxy"),
    ("providers.example = 3", "providers.example: must be a table"),
    ("providers.Example = {}", "providers.Example: a provider's id is lower-case"),
    ('providers.example.urll = "a"', "providers.example.urll: there is no such setting; did you mean url?"),
    ('providers.example.url = "ftp://a"', "providers.example.url: must be http"),
    ('providers.example.url = "https://"', "providers.example.url: must be http"),
    ('providers.example.url = "https://user:hunter2@a"', "providers.example.url: must be http"),
    ('providers.example.url = "https://a/?b"', "providers.example.url: must be http"),
    ('providers.example.url = "https://a/#b"', "providers.example.url: must be http"),
    ('providers.example.url = "https://a:99999"', "providers.example.url: must be http"),
    ('providers.example.url = "https://[a"', "providers.example.url: must be http"),
    ('providers.example.url = "https://a\\nb"', "providers.example.url: must be http"),
    ('providers.example.key = ""', "providers.example.key: is blank"),
    ('providers.example.key = "hunter2\\r\\nX: y"', "providers.example.key: the key holds a line break"),
    ('providers.example.key = "hünter2"', "providers.example.key: the key holds"),
    ('providers.example.origins = "https://a"', "providers.example.origins: must be a list"),
    ('providers.example.origins = ["https://a/b"]', "providers.example.origins: must be an origin"),
    ('providers.example.headers."X Y" = "a"', 'providers.example.headers."X Y": is not the name of a header'),
    ('providers.example.headers.X = "hunter2\\n"', "providers.example.headers.X: holds a line break"),
    ("providers.example.headers.X = 3", "providers.example.headers.X: must be text"),
    ("providers.example.timeouts.idle = -1", "providers.example.timeouts.idle: must be a positive"),
    ("providers.example.timeouts.max = 1", "providers.example.timeouts.max: there is no such setting"),
    ("providers.example.max_concurrency = 0", "providers.example.max_concurrency: must be 1 or more"),
    ('providers."example/large".url = 1', 'providers."example/large".url: must be text'),
]


class TestAMistake:
    @pytest.mark.parametrize(("line", "said"), MISTAKES)
    def test_in_the_file_is_told_with_file_line_and_key(self, file: Path, line: str, said: str) -> None:
        text = f"# settings\n\n{line}\n\n[providers.other]\nurl = 'https://other'\n"
        told = complaint(file, text)
        assert told.startswith(f"{file}, line 3: {said}")
        assert "hunter2" not in told

    @pytest.mark.parametrize(("line", "said"), MISTAKES)
    def test_in_the_program_is_told_with_its_key(self, line: str, said: str) -> None:
        with pytest.raises(SettingsError, match=re.escape(said)) as caught:
            Settings(**tomllib.loads(line))
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ('defualt_model = "a"', "defualt_model: there is no such setting; did you mean default_model?"),
            ("colour = 1", "colour: there is no such setting; known are aliases, bounds, default_model"),
            ("[environment]", "environment: there is no such setting"),
        ],
    )
    def test_in_the_name_of_a_table_is_told_with_the_nearest(self, file: Path, line: str, said: str) -> None:
        assert complaint(file, f"\n{line}\n").startswith(f"{file}, line 2: {said}")

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[timeouts]\nconnect = 1\n# idle = 2\nidle = 0\n", 4),
            ("[timeouts]\nconnect = 1\nidle = [\n 1,\n 2,\n]\ndeadline = 1\n", 3),
            ("[aliases]\na = '''\nidle = 0\n'''\n", 2),
            ('[bounds]\n[aliases]\nx = "y"\n[timeouts]\n\n\nconnect = 1\n"idle" = 0', 8),
            ("[timeouts]\nconnect = 1\ndeadline = { idle = 0 }\n", 3),
            ("[timeouts]\r\nconnect = 1\r\n\r\nidle = 0\r\ndeadline = 1\r\n", 4),
            ("\n\n\n\n[tiemouts]\nidle = 0\n", 5),
            ("[providers.a]\nurl = 'https://a'\n[providers.b]\nurl = 'https://b'\n[providers.b.timeouts]\nidle = 0", 6),
        ],
    )
    def test_is_found_wherever_it_stands(self, file: Path, text: str, line: int) -> None:
        assert f", line {line}: " in complaint(file, text)

    @given(
        before=st.integers(0, 9), values=st.lists(st.sampled_from(["1", "[\n1,\n2]", '"""\n\n"""', "{}"]), max_size=9)
    )
    def test_line_is_that_of_the_key_among_any_others(self, before: int, values: list[str]) -> None:
        lines = "".join(f"k{at} = {value}\n" for at, value in enumerate(values))
        text = f"[table]\n{'# comment' * (before % 2)}\n" + "\n" * before + lines
        for at in range(len(values)):
            assert text.split("\n")[line_of(text, ("table", f"k{at}")) - 1].startswith(f"k{at} =")

    @pytest.mark.parametrize(
        ("variable", "value", "said"),
        [
            ("IMPASTO_MODEL", "a b", "a name is"),
            ("IMPASTO_PROXY", "nowhere", "must be the address of a proxy"),
            ("IMPASTO_CONNECT_TIMEOUT", "soon", "must be a number of seconds, not 'soon'"),
            ("IMPASTO_IDLE_TIMEOUT", "nan", "must be a positive number"),
            ("IMPASTO_DEADLINE", "-1", "must be a positive number"),
            ("IMPASTO_ALIASES", "fast", "must be like fast=NAME"),
            ("IMPASTO_ALIASES", "fast=", "is blank"),
            ("IMPASTO_PROVIDER_EXAMPLE_URL", "https://user:hunter2@a", "must be http"),
            ("IMPASTO_PROVIDER_EXAMPLE_KEY", "hunter2\nhunter2", "the key holds a line break"),
            ("IMPASTO_PROVIDER_EXAMPLE_HEADERS", "X: hunter2", "must be a JSON object"),
            ("IMPASTO_PROVIDER_EXAMPLE_HEADERS", '["hunter2"]', "must be a table, not a list"),
            ("IMPASTO_PROVIDER_EXAMPLE_HEADERS", '{"X": "hunter2\\n"}', "X: holds a line break"),
            ("IMPASTO_PROVIDER_EXAMPLE_ULR", "https://a", "there is no such setting"),
        ],
    )
    def test_in_the_environment_is_told_with_the_variable(
        self, file: Path, variable: str, value: str, said: str
    ) -> None:
        told = complaint(file, "", **{variable: value})
        assert told.startswith(f"{variable}: {said}")
        assert "hunter2" not in told


class TestTheEnvironment:
    def test_holds_over_the_file(self, file: Path) -> None:
        settings = loaded(
            file,
            'default_model = "a"\nproxy = "http://a"\ntimeouts = { connect = 1, idle = 2 }\n'
            'aliases = { one = "a", two = "b" }\n'
            '[providers.my-own]\nurl = "http://a"\nkey = "sk-a"\nheaders = { x = "1", y = "1" }',
            IMPASTO_MODEL="b",
            IMPASTO_PROXY="http://b",
            IMPASTO_CONNECT_TIMEOUT="11",
            IMPASTO_DEADLINE="0.5",
            IMPASTO_ALIASES="two=c|d, three = e,",
            IMPASTO_PROVIDER_MY_OWN_URL="http://b",
            IMPASTO_PROVIDER_MY_OWN_KEY="sk-b\n",
            IMPASTO_PROVIDER_MY_OWN_HEADERS='{"X": "2"}',
        )
        assert settings.default_model == "b"
        assert settings.proxy == "http://b"
        assert settings.timeouts == Timeouts(connect=11, idle=2, deadline=0.5)
        assert settings.aliases == {"one": ("a",), "two": ("c", "d"), "three": ("e",)}
        own = settings.provider("my-own", "model")
        assert (own.url, own.key, own.headers) == ("http://b", Secret("sk-b"), {"y": "1", "X": "2"})

    def test_that_is_blank_says_nothing(self, file: Path) -> None:
        settings = loaded(file, 'default_model = "a"', IMPASTO_MODEL=" ", IMPASTO_PROVIDER_A_URL="", IMPASTO_ALIASES="")
        assert settings == Settings(default_model="a")

    def test_of_others_is_left_alone(self, file: Path) -> None:
        assert loaded(file, "", IMPASTO_SOMETHING="x", IMPASTOR="y", PROVIDER_URL="z") == Settings()

    def test_is_not_read_for_settings_of_the_program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IMPASTO_MODEL", "b")
        assert Settings().default_model is None


class TestAProvider:
    SETTINGS = Settings(
        timeouts={"connect": 5},
        providers={
            "example": {"url": "http://a", "key": "sk-a", "headers": {"X": "1"}, "timeouts": {"idle": 7}},
            "example/large": {"key": "sk-b", "headers": {"x": "2"}, "timeouts": {"deadline": 9}},
            "example/owner/space": {"url": "http://space"},
        },
    )

    def test_of_which_nothing_is_said_has_the_general_settings(self) -> None:
        other = self.SETTINGS.provider("other", "large")
        assert (other.url, other.key, other.timeouts) == (None, None, Timeouts(connect=5))

    @pytest.mark.parametrize("name", ["large", "example/large"])
    def test_has_models_with_settings_of_their_own_over_its(self, name: str) -> None:
        large = self.SETTINGS.provider("example", name)
        assert (large.url, large.key, large.headers) == ("http://a", Secret("sk-b"), {"x": "2"})
        assert large.timeouts == Timeouts(connect=5, idle=7, deadline=9)

    def test_has_models_whose_ids_hold_a_slash(self) -> None:
        assert self.SETTINGS.provider("example", "owner/space").url == "http://space"

    def test_is_not_touched_by_anothers_section(self) -> None:
        assert self.SETTINGS.provider("other", "example/large").key is None


class TestSecrets:
    @given(key=KEYS)
    def test_show_in_nothing_that_is_printed(self, key: str) -> None:
        secret = Secret(key)
        settings = Settings(
            providers={"example": {"key": key, "headers": {"X-Key": key}}}, proxy="http://user:sk-word@localhost"
        )
        printed = f"{secret} {secret!r} {[secret]} {settings!r} {settings.provider('example')!r}"
        assert key not in printed
        assert "sk-word" not in printed
        assert "***" in printed
        assert secret.reveal() == key

    @given(key=KEYS, flaw=st.sampled_from(["\n", "\r\n", "\0", "é", "\x7f", "\u2028"]))
    def test_show_in_no_error(self, key: str, flaw: str) -> None:
        bad = key + flaw + key
        for section in (
            {"key": bad},
            {"headers": {"X": bad}},
            {"url": bad},
            {"url": f"https://{key}@host"},
            {"origins": [bad]},
        ):
            with pytest.raises(SettingsError) as caught:
                Settings(providers={"example": section})
            assert key not in str(caught.value) + repr(caught.value)

    def test_are_equal_when_their_values_are(self) -> None:
        assert Secret("a") == Secret("a") != Secret("b")
        assert Secret("a") != "a"
        assert len({Secret("a"), Secret("a")}) == 1

    def test_are_copied_but_not_pickled(self) -> None:
        assert copy.deepcopy([Secret("a")]) == [copy.copy(Secret("a"))]
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(Secret("a"))
