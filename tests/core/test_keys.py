"""Which key is used, and how keys are stored."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.auth import Bearer
from impasto.errors import SettingsError
from impasto.keys import find_key, keys_path, remove_key, set_key, stored_keys
from impasto.models import Provider
from impasto.settings import Secret, Settings

EXAMPLE = Provider(id="example", auth=Bearer(env="EXAMPLE_TOKEN"))
KEYS = st.from_regex(r"sk-[!-~]{12,40}", fullmatch=True)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"IMPASTO_CONFIG": str(tmp_path / "folder" / "settings.toml")}


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestFindingAKey:
    FILE = Settings(providers={"example": {"key": "sk-file"}, "example/large": {"key": "sk-large"}})

    def found(self, environ: dict[str, str], call_key: str | Secret | None = None, **more: str) -> str | None:
        file = Path(environ["IMPASTO_CONFIG"])
        environ = {**environ, **more}
        key = find_key(EXAMPLE, Settings.load(environ) if file.exists() else Settings(), environ, call_key)
        return key and key.reveal()

    def test_takes_the_first_of_call_variable_file_providers_variable_and_store(self, environ: dict[str, str]) -> None:
        set_key("example", "sk-stored", environ)
        assert self.found(environ) == "sk-stored"
        assert self.found(environ, EXAMPLE_TOKEN="sk-own") == "sk-own"
        Path(environ["IMPASTO_CONFIG"]).write_text('providers.example.key = "sk-file"')
        assert self.found(environ, EXAMPLE_TOKEN="sk-own") == "sk-file"
        variables = {"EXAMPLE_TOKEN": "sk-own", "IMPASTO_PROVIDER_EXAMPLE_KEY": "sk-variable"}
        assert self.found(environ, **variables) == "sk-variable"
        assert self.found(environ, "sk-call", **variables) == "sk-call"
        assert self.found(environ, Secret("sk-call"), **variables) == "sk-call"

    @pytest.mark.parametrize("blank", ["", " ", "\n"])
    def test_passes_over_what_is_blank(self, environ: dict[str, str], blank: str) -> None:
        set_key("example", "sk-stored", environ)
        assert self.found(environ, blank, EXAMPLE_TOKEN=blank, IMPASTO_PROVIDER_EXAMPLE_KEY=blank) == "sk-stored"

    def test_finds_none_where_there_is_none(self, environ: dict[str, str]) -> None:
        set_key("another", "sk-another", environ)
        assert self.found(environ, ANOTHER_TOKEN="sk-x") is None

    def test_finds_none_for_a_provider_that_takes_none(self, environ: dict[str, str]) -> None:
        assert find_key(Provider(id="example"), self.FILE, environ, "sk-call") is None

    def test_prefers_a_models_own_key(self, environ: dict[str, str]) -> None:
        assert find_key(EXAMPLE, self.FILE, environ, model="large") == Secret("sk-large")
        assert find_key(EXAMPLE, self.FILE, environ) == Secret("sk-file")

    def test_drops_spaces_and_line_ends_around_it(self, environ: dict[str, str]) -> None:
        assert self.found(environ, EXAMPLE_TOKEN=" sk-own\r\n") == "sk-own"

    @given(key=KEYS, flaw=st.sampled_from(["\n", "\r\n", "\0", "é", "\x7f", "\u2028", "\x1b"]))
    def test_names_where_a_bad_one_stands_and_does_not_show_it(self, key: str, flaw: str) -> None:
        for call_key, variables, where in (
            (key + flaw + key, {}, "api_key"),
            (None, {"EXAMPLE_TOKEN": key + flaw + key}, "EXAMPLE_TOKEN"),
        ):
            with pytest.raises(SettingsError, match=where) as caught:
                find_key(EXAMPLE, Settings(), variables, call_key)
            assert key not in str(caught.value) + repr(caught.value)


class TestStoringKeys:
    def test_keeps_them_by_provider(self, environ: dict[str, str]) -> None:
        path = set_key("one", " sk-1\n", environ)
        assert path == keys_path(environ)
        set_key("two", 'sk-"2\\', environ)
        set_key("one", "sk-3", environ)
        assert stored_keys(environ) == {"one": Secret("sk-3"), "two": Secret('sk-"2\\')}
        assert remove_key("one", environ) is True
        assert remove_key("one", environ) is False
        assert stored_keys(environ) == {"two": Secret('sk-"2\\')}

    def test_is_beside_the_settings_file(self, environ: dict[str, str]) -> None:
        assert keys_path(environ) == Path(environ["IMPASTO_CONFIG"]).with_name("keys.json")

    def test_is_for_the_owner_alone_from_the_first_byte(
        self, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        modes: list[int] = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode)))
        monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("the mode was changed only afterwards"))
        path = set_key("example", "sk-1", environ)
        assert modes == [0o600]
        assert mode_of(path) == 0o600
        assert mode_of(path.parent) == 0o700

    def test_that_fails_leaves_the_keys_as_they_were(
        self, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = set_key("example", "sk-old", environ)

        def fail(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(SettingsError, match="No space left"):
            set_key("example", "sk-new", environ)
        assert stored_keys(environ) == {"example": Secret("sk-old")}
        assert list(path.parent.iterdir()) == [path]

    def test_in_a_folder_that_is_a_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(SettingsError, match=r"keys\.json"):
            set_key("example", "sk-1", {"IMPASTO_CONFIG": str(tmp_path / "file" / "settings.toml")})

    @pytest.mark.parametrize("key", ["", " \n", "a\nb", "a\0", "schlüssel"])
    def test_refuses_what_is_no_key_and_writes_nothing(self, environ: dict[str, str], key: str) -> None:
        with pytest.raises(SettingsError, match="example"):
            set_key("example", key, environ)
        assert not keys_path(environ).exists()

    @pytest.mark.parametrize("provider", ["", "Example", "a b", "../a", "sk-\n"])
    def test_refuses_what_is_no_provider(self, environ: dict[str, str], provider: str) -> None:
        with pytest.raises(SettingsError, match="provider's id"):
            set_key(provider, "sk-1", environ)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(key=KEYS)
    def test_gives_back_any_key_exactly(self, environ: dict[str, str], key: str) -> None:
        set_key("example", key, environ)
        found = stored_keys(environ)
        assert found["example"].reveal() == key
        assert key not in repr(found)


class TestTheKeysFile:
    def stored(self, environ: dict[str, str], text: str | bytes, mode: int = 0o600) -> Path:
        path = keys_path(environ)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def test_that_others_may_read_is_made_private_with_a_warning(
        self, environ: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        path = self.stored(environ, '{"example": "sk-1-secret"}', 0o640)
        with caplog.at_level(logging.DEBUG):
            assert stored_keys(environ) == {"example": Secret("sk-1-secret")}
            assert stored_keys(environ) == {"example": Secret("sk-1-secret")}
        assert mode_of(path) == 0o600
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert str(path) in caplog.text
        assert "sk-1-secret" not in caplog.text

    def test_that_cannot_be_made_private_is_refused(
        self, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.stored(environ, '{"example": "sk-1"}', 0o644)

        def fail(*_args: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(Path, "chmod", fail)
        with pytest.raises(SettingsError, match="Operation not permitted"):
            stored_keys(environ)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(key=KEYS)
    def test_that_is_spoilt_is_told_without_its_keys(self, environ: dict[str, str], key: str) -> None:
        for text in (
            f'{{"example":\n {json.dumps(key)},}}',
            json.dumps([key]),
            json.dumps({"example": {"key": key}}),
            json.dumps({"example": f"{key}\n{key}"}),
            key,
            key.encode() + b"\xff",
        ):
            path = self.stored(environ, text)
            with pytest.raises(SettingsError, match=r"keys\.json") as caught:
                set_key("another", "sk-1", environ)
            assert key not in str(caught.value) + repr(caught.value)
            assert caught.value.__cause__ is None
            assert path.read_bytes() == (text if isinstance(text, bytes) else text.encode())

    def test_names_the_line_that_is_not_json(self, environ: dict[str, str]) -> None:
        path = self.stored(environ, '{\n"a": "b"\n"c"}')
        with pytest.raises(SettingsError) as caught:
            stored_keys(environ)
        assert str(caught.value) == f"{path}, line 3: is not JSON."
