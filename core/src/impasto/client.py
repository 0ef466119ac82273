"""The client: one face for every provider that is installed."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, Unpack, get_args

import anyio

from impasto import checkpoints
from impasto.discovered import discovered_models
from impasto.errors import AuthenticationError, ImpastoError, InvalidRequest, SettingsError
from impasto.failover import Emit, Failover, FailoverMode, Plan
from impasto.health import HealthStore, InProcessHealth
from impasto.keys import find_key
from impasto.options import TERMS, Options, request_of
from impasto.painting import Job, Painter
from impasto.plugins import Plugins, default_plugins
from impasto.router import Route, Router
from impasto.settings import Secret, Settings, Timeouts
from impasto.signing import Destination, settings_of
from impasto.streaming import Stream

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import TaskGroup

    from impasto.deadlines import Clock
    from impasto.events import Image, ImageResponse
    from impasto.models import Model, Provider
    from impasto.request import ImageRequest
    from impasto.settings import ProviderSettings

_log = logging.getLogger("impasto")


class Client:
    """Draws pictures with the models of every installed plugin. Use it as ``async with impasto.Client() as client``.

    One client serves any number of requests at once. It works on asyncio and on trio.

    Args:
        settings: None for what the settings file and the environment say.
        proxy: the proxy's URL; None for what the settings or the standard environment variables say.
        connect_timeout: seconds for opening a connection; None for what the settings say.
        idle_timeout: seconds that may pass without a byte; None for what the settings say.
        deadline: seconds for a whole request; None for what the settings say.
        plugins: None for those that are installed.
        health: where to remember how routes fare; None for this client alone.

    Raises:
        SettingsError: the settings file or a variable cannot be used.
    """

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        proxy: str | None = None,
        connect_timeout: float | None = None,
        idle_timeout: float | None = None,
        deadline: float | None = None,
        plugins: Plugins | None = None,
        health: HealthStore | None = None,
    ) -> None:
        self._settings = Settings.load() if settings is None else settings
        if not isinstance(self._settings, Settings):
            raise SettingsError(f"settings must be impasto.Settings, not {type(settings).__name__}: Settings(**…).")
        self._plugins = default_plugins(self._settings) if plugins is None else plugins
        if self._plugins.complaint:
            _log.warning("%s", self._plugins.complaint)
        self._router = Router(self._plugins, self._settings)
        self._proxy = proxy
        self._times = {"connect": connect_timeout, "idle": idle_timeout, "deadline": deadline}
        _timeouts(Timeouts(), self._times)
        self.health: HealthStore = InProcessHealth() if health is None else health
        self._painter = Painter(self._plugins, self._settings.bounds)
        self._settings_of: dict[tuple[str, bool], ProviderSettings] = {}
        self._has_checked_sections = False
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        if self._tasks is not None:
            raise ImpastoError("This client is open already; make another one.")
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tasks, self._tasks = self._tasks, None
        if tasks is None:
            return
        tasks.cancel_scope.cancel()
        try:
            # Without the caller's exception, which the group would hand back wrapped in an ExceptionGroup.
            await tasks.__aexit__(None, None, None)
        finally:
            with anyio.CancelScope(shield=True):
                await self._painter.aclose()

    def models(self) -> list[Model]:
        """Return every model that an installed plugin lists, by full name."""
        return list(self._plugins.models)

    async def refresh_models(self, *providers: str) -> dict[str, tuple[str, ...] | ImpastoError]:
        """Ask services which models they serve, all at once, and keep what they say for `discovered` and for names.

        Args:
            *providers: providers' ids; none for every provider whose service can be asked.

        Returns:
            For each provider the names, to be used as ``provider/name``; or why it did not say.

        Raises:
            InvalidRequest: a provider is not known, or cannot be asked.
        """
        askable = {provider.id: provider for provider in self._plugins.providers_that_list()}
        for name in providers:
            if name not in askable:
                known = ", ".join(sorted(askable)) or "none of those installed"
                raise InvalidRequest(f"{name} cannot be asked for its models; these can: {known}.")
        from impasto.discovery import discover

        found: dict[str, tuple[str, ...] | ImpastoError] = {}

        async def ask(provider: Provider) -> None:
            missing: AuthenticationError | None = None
            try:
                to = self._destination_of(provider, self._key_of(provider, None))
            except AuthenticationError as error:
                # Many services tell without a key which models they serve.
                missing, to = error, self._destination_of(provider, None)
            try:
                session = self._painter.session(to)
                said = await discover(provider, plugins=self._plugins, to=to, session=session)
                found[provider.id] = said.names
            except ImpastoError as error:
                found[provider.id] = missing if missing and isinstance(error, AuthenticationError) else error

        async with anyio.create_task_group() as asking:
            for name in providers or askable:
                asking.start_soon(ask, askable[name])
        return dict(sorted(found.items()))

    def discovered(self) -> list[tuple[Model, float]]:
        """Return the models that services said they serve when they were last asked, beside those that are listed.

        Each with the time when that was, in seconds since the epoch.
        """
        return discovered_models(self._plugins, self._settings)

    def stream(self, prompt: str | None = None, *, model: str | None = None, **options: Unpack[Options]) -> Stream:
        """Return the stream of one request's events. Nothing is sent before it is entered or iterated.

        Args:
            prompt: what to draw; or None, with ``messages`` among the options.
            model: an alias, a model's id, ``provider/model`` or a provider's id; None for the default model.
            **options: `Options`.

        Raises:
            InvalidRequest: an option breaks a rule, or no model of that name can do this.
            UnknownModel: nothing goes by that name.
            AuthenticationError: the provider needs a key and there is none.
        """
        if model is not None and not isinstance(model, str):
            raise InvalidRequest(f"model must be a name, not {model!r}.", parameter="model")
        asked = request_of(prompt, options)
        if not self._has_checked_sections:
            self._has_checked_sections = True
            for words in self._router.misspelt():
                _log.warning("%s", words)
        routes, skipped = self._router.routes(
            model,
            asked,
            continue_from=options.get("continue_from"),
            drop_unsupported=options.get("drop_unsupported", False),
        )
        jobs, closed = self._jobs(model, routes, asked, options)
        if not jobs:
            for words in dict.fromkeys((*map(str, closed[1:]), *skipped)):
                if words != str(closed[0]):
                    closed[0].add_note(f"Not asked: {words}")
            raise closed[0]
        return self._stream(jobs, tuple(dict.fromkeys((*skipped, *map(str, closed)))), options)

    async def generate(
        self, prompt: str | None = None, *, model: str | None = None, **options: Unpack[Options]
    ) -> ImageResponse:
        """Return the finished picture of one request.

        Arguments and errors are those of `stream`, and:

        Raises:
            ResponseError: the provider failed.
            PluginError: the provider's plugin failed.
        """
        async with self.stream(prompt, model=model, **options) as stream:
            return await stream.response()

    def _spawn(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._tasks is None:
            raise ImpastoError("The client is not open: use it as 'async with impasto.Client() as client:'.")
        self._tasks.start_soon(run)

    def resume(self, checkpoint: Mapping[str, Any], **options: Unpack[Options]) -> Stream:
        """Return the stream of a conversation that `Stream.checkpoint` wrote down, from where it was.

        Args:
            checkpoint: what was written down.
            **options: the terms of the call, as in `stream`; the picture's parameters are in the checkpoint.

        Raises:
            InvalidRequest: it is not a checkpoint, or an option is about the picture.
            UnknownModel: the model's plugin is not installed here.
            AuthenticationError: the provider needs a key and there is none.
        """
        for name in options:
            if name not in TERMS:
                raise InvalidRequest(f"A checkpoint is resumed as it is; {name} cannot be said again.", parameter=name)
        trace = checkpoints.read(checkpoint)
        name, request = str(trace.model), trace.request
        model = next((each for each in self._router.models_of(name) if each.name == name), None)
        if model is None or request is None:
            raise InvalidRequest(f"the checkpoint is damaged: {name!r} is no model.", parameter="checkpoint")
        job = self._job(name, Route(model, request), request, options)
        return self._stream((replace(job, resumed=trace),), (), options)

    def _stream(self, jobs: tuple[Job, ...], skipped: tuple[str, ...], options: Options) -> Stream:
        failover = options.get("failover", "always")
        if failover not in _FAILOVER_MODES:
            raise InvalidRequest(
                f"failover must be one of {', '.join(_FAILOVER_MODES)}, not {failover!r}.", parameter="failover"
            )
        hedge_after = options.get("hedge_after")
        if hedge_after is not None:
            _check_seconds("hedge_after", hedge_after)
        plan = Plan(
            jobs,
            deadline=max(job.to.timeouts.deadline for job in jobs),
            skipped=skipped,
            failover=failover,
            hedge_after=hedge_after,
        )

        def begin(clock: Clock, emit: Emit) -> Failover:
            return Failover(plan, painter=self._painter, health=self.health, clock=clock, emit=emit)

        return Stream(self._spawn, begin)

    def _jobs(
        self, name: str | None, routes: list[Route], asked: ImageRequest, options: Options
    ) -> tuple[tuple[Job, ...], list[AuthenticationError]]:
        """Return a job for each route whose key is there, and the errors of the others."""
        jobs: list[Job] = []
        missing: list[AuthenticationError] = []
        fetched: dict[str, Image] = {}
        for route in routes:
            try:
                jobs.append(replace(self._job(name, route, asked, options), fetched=fetched))
            except AuthenticationError as error:
                missing.append(error)
        return tuple(jobs), missing

    def _job(self, name: str | None, route: Route, asked: ImageRequest, options: Options) -> Job:
        model = route.model
        settings = self._settings_for(model)
        times = {
            "connect": options.get("connect_timeout"),
            "idle": options.get("idle_timeout"),
            "deadline": options.get("deadline"),
        }
        to = Destination.of(
            model,
            settings,
            key=self._key(name, model, options.get("api_key")),
            timeouts=_timeouts(settings.timeouts, times),
            proxy=options.get("proxy") or self._proxy or self._settings.proxy,
        )
        return Job(route, asked, to, download=options.get("download", True))

    def _any_model_of(self, provider: Provider) -> Model:
        return next(each for each in self._plugins.models if each.provider.id == provider.id)

    def _destination_of(self, provider: Provider, key: Secret | None) -> Destination:
        model = replace(self._any_model_of(provider), url=None)
        settings = self._settings.provider(provider.id)
        timeouts = _timeouts(settings.timeouts, self._times)
        proxy = self._proxy or self._settings.proxy
        return Destination.of(model, settings, key=key, timeouts=timeouts, proxy=proxy)

    def _settings_for(self, model: Model) -> ProviderSettings:
        key = model.name, model.url is None
        if key not in self._settings_of:
            settings = settings_of(model, self._settings)
            self._settings_of[key] = replace(settings, timeouts=_timeouts(settings.timeouts, self._times))
        return self._settings_of[key]

    def _key(self, name: str | None, model: Model, given: str | Mapping[str, str] | None) -> Secret | None:
        provider = model.provider
        if isinstance(given, str):
            serving = {each.provider.id for each in self._router.models_of(name or self._router.default())}
            if len(serving) > 1:
                raise InvalidRequest(
                    f"api_key is for one provider, and {name!r} is served by {', '.join(sorted(serving))}: name one "
                    f"(model={model.name!r}), or give a mapping (api_key={{{provider.id!r}: …}}).",
                    parameter="api_key",
                )
        call_key = given.get(provider.id) if isinstance(given, Mapping) else given
        if not isinstance(call_key, str | Secret | None):
            raise InvalidRequest(
                f"api_key must be text, or a mapping from provider id to that, not {type(call_key).__name__}.",
                parameter="api_key",
            )
        return self._key_of(provider, call_key, model.id)

    def _key_of(self, provider: Provider, call_key: str | None, model: str | None = None) -> Secret | None:
        key = find_key(provider, self._settings, os.environ, call_key, model=model)
        if key is None and provider.auth is not None and not provider.auth.optional:
            variable = f"set {provider.auth.env}, or " if provider.auth.env else ""
            page = f" Keys are made at {provider.auth.help_url}." if provider.auth.help_url else ""
            raise AuthenticationError(
                f"{provider.id} needs a key: {variable}run 'impasto keys set {provider.id}'.{page}"
            )
        return key


_FAILOVER_MODES = get_args(FailoverMode)
_TIMES = {"connect": "connect_timeout", "idle": "idle_timeout", "deadline": "deadline"}


def _timeouts(usual: Timeouts, changes: Mapping[str, float | None]) -> Timeouts:
    """Return the usual timeouts with those replaced that are given.

    Raises:
        InvalidRequest: one is not a positive number of seconds.
    """
    given = {name: seconds for name, seconds in changes.items() if seconds is not None}
    for name, seconds in given.items():
        _check_seconds(_TIMES[name], seconds)
    return replace(usual, **given) if given else usual


def _check_seconds(name: str, seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise InvalidRequest(f"{name} must be a positive number of seconds, not {seconds!r}.", parameter=name)
