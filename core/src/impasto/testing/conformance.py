"""The conformance suite: what impasto expects of every provider plugin, as tests that pytest finds in a subclass."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from impasto.errors import ImpastoError, InvalidRequest, PluginError, ResponseError
from impasto.events import ImageResponse
from impasto.plugins import Plugins
from impasto.testing.asking import build, declared, find, names, sent
from impasto.testing.faults import Fault, tell
from impasto.testing.model_rules import faults_of_model, faults_of_provider
from impasto.testing.mutations import SAYS_NOTHING, changed_conversations, changed_events, few_of_each
from impasto.testing.payload_rules import faults_of_payload, key_faults
from impasto.testing.reporting import ToldElsewhere, explore, told
from impasto.testing.requests import edge_requests, full_requests, pairs, requests_for
from impasto.testing.subject import Subject, subject_of
from impasto.testing.talks import Talk, asks_again, check_ending, is_local, talks_of
from impasto.testing.throughclient import paint_from
from impasto.testing.transcript import PICTURE, SUFFIX, Transcript

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from impasto.models import Model
    from impasto.testing.playing import Played

_RAISE = (
    "What a server gets wrong is a ResponseError: raise one, or let KeyError, TypeError, AttributeError, IndexError or "
    "ValueError pass, which become one"
)


class Conformance:
    """Tests of a provider plugin. Make a subclass whose name begins with ``Test``, and name the plugin.

    Attributes:
        plugin: the entry point's name; or the module, or object, itself.
        transcripts: the folder with recorded conversations, beside the test file; None for none, which leaves out
            what is tested with them.
        examples: how many random requests are tried for each model.
        local_calls: whether the plugin's `LocalCall`s are run, each once, with a small picture.
    """

    plugin: object = None
    transcripts: str | None = "transcripts"
    examples: int = 60
    local_calls: bool = True

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each test its models, providers and conversations."""
        names = metafunc.fixturenames
        try:
            subject = subject_of(self.plugin)
        except Fault:
            subject = None  # test_the_plugin_loads tells of it
        if "model" in names:
            models = subject.models if subject else ()
            metafunc.parametrize("model", models, ids=[model.name for model in models])
        if "talk" in names:
            folder = self._folder(Path(str(metafunc.definition.path)))
            talks = talks_of(self.plugin, folder, local=self.local_calls) if subject else ()
            metafunc.parametrize("talk", talks, ids=[talk.name for talk in talks])

    def test_the_plugin_loads(self) -> None:
        """It is registered, can be imported, and implements the hooks of a provider."""
        with told():
            subject = subject_of(self.plugin)
            if subject.loaded.error is not None:
                raise Fault(f"The plugin cannot be used: {subject.loaded.error}.")
            if not {"build_payload", "parse_event"} <= set(subject.loaded.hooks):
                raise Fault(
                    f"It is no provider: it implements {', '.join(subject.loaded.hooks)}. This suite is for plugins "
                    "with list_models, build_payload and parse_event."
                )

    def test_the_models_are_the_same_each_time(self) -> None:
        """``list_models`` is pure, and lists something, or there is ``find_model``."""
        with told():
            subject = self._loaded()
            if not subject.models and "find_model" not in subject.loaded.hooks:
                raise Fault("list_models lists no model, and there is no find_model: name at least one.")
            again = subject.watching("list_models", lambda: Plugins(objects={"again": subject.value}).models)
            if list(again) != sorted(subject.models, key=lambda model: model.name):
                raise Fault("list_models lists other models the second time; list always the same.")

    def test_a_model_is_well_formed(self, model: Model) -> None:
        """What it declares is legal, and does not contradict itself."""
        with told():
            tell(f"{model.name}: ", faults_of_model(model))

    def test_a_providers_declaration_is_well_formed(self) -> None:
        """Its address is safe for keys, and its default model exists."""
        with told():
            subject = self._loaded()
            for provider in {model.provider.id: model.provider for model in subject.models}.values():
                models = [model for model in subject.models if model.provider.id == provider.id]
                if any(model.provider != provider for model in models):
                    raise Fault(f"Two providers have the id {provider.id!r}; give all its models one Provider.")
                tell(f"Provider {provider.id}: ", faults_of_provider(provider, models))

    def test_a_model_is_found_or_not_whatever_its_name(self) -> None:
        """``find_model``, where there is one, answers any words with a model or with None."""
        with told():
            subject = self._loaded()
            if "find_model" in subject.loaded.hooks:
                for owner in {model.provider.id for model in subject.models}:
                    explore(names(), lambda name: find(subject, owner, name), self.examples)  # noqa: B023

    def test_a_payload_is_built_for_each_parameter(self, model: Model) -> None:
        """Alone, with each value at the edges of what the model declares."""
        with told():
            subject = self._loaded()
            for words, request in declared(model, edge_requests(model)):
                try:
                    payload = subject.plugins.build_payload(model, request)
                except InvalidRequest as error:
                    if error.parameter == "extra" and request.extra:
                        continue  # which values such a field takes, no declaration can say
                    raise Fault(
                        f"build_payload refuses {words}, though {model.name} declares that it takes this: {error} "
                        "Declare it narrower in accepts or size, or build a payload."
                    ) from None
                except ImpastoError as error:
                    raise Fault(f"{words}: {error}. The model declares that it takes this.") from None
                tell(f"{words}: ", faults_of_payload(payload, model, request))

    def test_a_payload_is_built_for_all_parameters_together(self, model: Model) -> None:
        """With everything that the model declares at once; `InvalidRequest` may refuse what does not go together."""
        with told():
            for words, request in declared(model, full_requests(model)):
                build(self._loaded(), model, request, words)

    def test_a_payload_is_built_for_random_requests(self, model: Model) -> None:
        """Whatever the model declares that it takes."""
        with told():
            subject = self._loaded()
            explore(requests_for(model), lambda request: build(subject, model, request, ""), self.examples)

    def test_every_parameter_is_sent(self, model: Model, request: pytest.FixtureRequest) -> None:
        """What is asked for makes a difference to what is sent, in the first payload or in one that follows."""
        with told():
            subject = self._loaded()
            talks = [each for each in self._talks(request.path) if each.transcript.model == model.name]
            for name, asked in declared(model, pairs(model)):
                if len({sent(subject, model, each, talks) for each in asked}) < 2:
                    raise Fault(
                        f"{model.name} declares that it takes {name}, but what is sent is the same with and without: "
                        f"send {name}, or take it out of the declaration. Where it is sent in a later step, a "
                        "transcript of that conversation shows it."
                    )

    def test_build_payload_is_pure(self, model: Model) -> None:
        """The same request gives the same payload, nothing is read, written or kept."""
        with told():
            subject = self._loaded()
            for _, asked in declared(model, full_requests(model)):
                with contextlib.suppress(InvalidRequest):
                    subject.build_payload(model, asked)
                subject.keeps("build_payload", lambda: subject.plugins.build_payload(model, asked))  # noqa: B023

    def test_no_key_is_in_a_payload(self, model: Model) -> None:
        """Neither a key that the environment holds, nor a header or field in which one travels."""
        with told():
            subject = self._loaded()
            canaries = _canaries(subject)
            known = [dict(subject.canaries()), canaries]
            with mock.patch.dict(os.environ, canaries):
                for words, asked in declared(model, [*edge_requests(model), *full_requests(model)]):
                    with contextlib.suppress(ImpastoError):
                        payload = subject.plugins.build_payload(model, asked)
                        for keys in known:
                            tell(f"{words}: ", key_faults(payload, model, keys))

    def test_no_key_is_kept_when_the_module_is_imported(self) -> None:
        """A new process, in whose environment keys are set from the start, builds payloads without them."""
        with told():
            subject = self._loaded()
            canaries = _canaries(subject)
            payloads = subject.first_payloads(canaries) if canaries else ""
            for variable, key in canaries.items():
                if key in payloads:
                    raise Fault(
                        f"A payload holds the value of {variable}, which is read when the module is imported. A plugin "
                        "never sees a key: declare Provider(auth=…), and the core signs."
                    )

    def test_conversations_are_recorded(self, request: pytest.FixtureRequest) -> None:
        """At least one transcript ends in a picture, unless the plugin works on this machine."""
        with told():
            subject = self._loaded()
            if self.transcripts is None or all(is_local(subject, each, Transcript(())) for each in subject.models):
                return
            if not any(each.transcript.ends == PICTURE and not each.problem for each in self._talks(request.path)):
                raise Fault(
                    f"There is no transcript of a conversation that ends in a picture in {self._folder(request.path)}: "
                    f'record one with: impasto record -m {next(iter(subject.models)).name} "a red fox" -o '
                    f"{self.transcripts}/drawn{SUFFIX}. To go without, set transcripts = None in this class."
                )

    def test_a_conversation_ends_as_recorded(self, talk: Talk) -> None:
        """Hook by hook: the plugin asks for what was asked for, and the picture or the error is the one in the head."""
        with told():
            subject = self._loaded()
            model, asked = talk.checked(subject)
            played = talk.played(subject)
            for number, payload in enumerate(played.payloads, 1):
                tell(f"{talk.name}, payload {number}: ", faults_of_payload(payload, model, asked))
                tell(f"{talk.name}, payload {number}: ", key_faults(payload, model, dict(subject.canaries())))
            check_ending(talk, played)

    def test_a_conversation_gives_its_picture_through_the_client(self, talk: Talk) -> None:
        """The whole way: `impasto.Client`, real connections, a server on loopback that answers as recorded."""
        with told():
            subject = self._loaded()
            played = _as_recorded(talk, subject)
            model, _ = talk.checked(subject)
            if not isinstance(played.ending, ImageResponse) or "/" not in talk.transcript.model:
                return  # how it ends is another test's; retries and their pauses are the core's
            remote = any(image.is_remote for image in played.ending.images)
            lines: list[str] = []
            try:
                paint_from(talk.transcript, model, subject.value, tell=lines, download=bool(played.left) or not remote)
            except ImpastoError as error:
                said = "\n  ".join(lines)
                raise Fault(f"{talk.name}: through the client, there is no picture: {error}\n  {said}") from None

    def test_events_are_read_purely(self, talk: Talk) -> None:
        """``parse_event`` gives the same for the same event; nothing is read, written or kept."""
        with told():
            subject = self._loaded()
            _as_recorded(talk, subject)
            model, _ = talk.checked(subject)
            played = talk.play(subject, subject)
            for _, event in few_of_each([*played.events, *played.beside]):
                subject.keeps("parse_event", lambda: subject.plugins.parse_event(model, event))  # noqa: B023

    def test_a_changed_event_is_an_error_at_worst(self, talk: Talk) -> None:
        """Cut short, without a field, with another type in its place, a web page: understood, or a `ResponseError`."""
        with told():
            subject = self._loaded()
            played = _as_recorded(talk, subject)
            model, _ = talk.checked(subject)
            for number, event in few_of_each([*played.events, *played.beside]):
                for words, changed in changed_events(event):
                    try:
                        subject.plugins.parse_event(model, changed)
                    except (ResponseError, InvalidRequest):
                        continue
                    except PluginError as error:
                        raise Fault(f"{talk.name}, event {number} ({event.name}), {words}: {error}. {_RAISE}") from None

    def test_a_changed_conversation_ends_in_a_picture_or_an_error(self, talk: Talk) -> None:
        """Answers and events left out, repeated, reordered, cut or replaced."""
        with told():
            subject = self._loaded()
            _as_recorded(talk, subject)
            for words, exchanges in changed_conversations(talk.transcript.exchanges):
                try:
                    talk.play(subject.plugins, subject, exchanges)
                except InvalidRequest:
                    continue
                except PluginError as error:
                    raise Fault(f"{talk.name}: {words}: {error}. {_RAISE}") from None

    def test_an_answer_that_says_nothing_is_not_asked_for_again(self, talk: Talk) -> None:
        """A poll that is answered with ``{}`` or a web page is an error; or a lost job would be asked for endlessly."""
        with told():
            subject = self._loaded()
            played = _as_recorded(talk, subject)
            model, _ = talk.checked(subject)
            for number, event in few_of_each(played.events):
                for body in SAYS_NOTHING if event.name == "response" else ():
                    if asks_again(subject, model, event, body):
                        raise Fault(
                            f"{talk.name}, event {number}: {event.payload.describe()} is asked for again when it is "
                            f"answered with {body[:40]!r}, and so on without end. Go on for the states that the "
                            "service documents, and raise a ResponseError for others."
                        )

    def _loaded(self) -> Subject:
        try:
            subject = subject_of(self.plugin)
        except Fault as fault:
            raise ToldElsewhere from fault
        if subject.loaded.error is not None:
            raise ToldElsewhere
        return subject

    def _folder(self, test_file: Path) -> Path | None:
        return None if self.transcripts is None else test_file.parent / self.transcripts

    def _talks(self, test_file: Path) -> Sequence[Talk]:
        return talks_of(self.plugin, self._folder(test_file), local=self.local_calls)


def _as_recorded(talk: Talk, subject: Subject) -> Played:
    """Play a conversation; that it is not as it was recorded is told by a test of its own."""
    try:
        return talk.played(subject)
    except Fault as fault:
        raise ToldElsewhere from fault


def _canaries(subject: Subject) -> dict[str, str]:
    """Return a value for each variable that holds a key, to be looked for where no key may be."""
    return {variable: f"canary-{index:04}-of-a-key" for index, (variable, _) in enumerate(subject.canaries())}
