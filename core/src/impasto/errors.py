"""Everything that impasto raises, under one root."""

from __future__ import annotations

import sys
from typing import Self

from impasto.plaintext import plain_text

_NOT_THEIRS = frozenset({"impasto", "click", "pluggy"})
"""Packages through which plugins are called."""


def described(error: BaseException) -> str:
    """Return class and words of an exception that a plugin raised, and where in its code that was."""
    words = f"{type(error).__name__}: {error}"
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        package = str(traceback.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _NOT_THEIRS and package not in sys.stdlib_module_names:
            file = "/".join(traceback.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 2)[-2:])
            place = f", in {file}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return words + place


class ImpastoError(Exception):
    """The root of all errors that impasto raises."""


class SettingsError(ImpastoError):
    """The settings file or a setting in the environment cannot be used; the message names file, line and key."""


class UnknownModel(ImpastoError, LookupError):
    """No installed plugin offers a model by that name.

    Attributes:
        name: the name that was asked for.
        suggestions: the nearest known names, best first.
    """

    def __init__(self, message: str, *, name: str = "", suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.suggestions = suggestions


class InvalidRequest(ImpastoError, ValueError):
    """The request breaks a rule, and nothing was sent for it; the message names the parameter and the rule.

    Attributes:
        parameter: the field of `ImageRequest` at fault, where one is.
    """

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.parameter = parameter


class UnsavableImage(ImpastoError, OSError):
    """A picture cannot be written where or as asked; nothing was left behind."""


class PluginError(ImpastoError):
    """A plugin failed: an import, a hook that raised, a result that is nonsense.

    Attributes:
        plugin: the plugin's entry point name.
        hook: the hook that failed; None when the plugin could not be loaded at all.
    """

    def __init__(self, message: str = "", *, plugin: str = "", hook: str | None = None) -> None:
        super().__init__(plain_text(message) or "no reason was given")
        self.plugin = plugin
        self.hook = hook

    def __str__(self) -> str:
        where = f"plugin {self.plugin!r}" + (f", hook {self.hook}" if self.hook else "")
        return f"{where}: {self.args[0]}"


class ResponseError(ImpastoError):
    """A provider answered with a failure, or did not answer.

    Plugins raise this and the classes under it with the service's own words; the core adds where it happened.
    Markup is taken out of the message and its length is bounded.

    Attributes:
        provider: the provider's id.
        model: the model's id.
        step: what was being done, such as ``POST /call/infer``.
        status: the HTTP status, where there was one.
        retry_after: seconds after which the service asks to be tried again, where it says so.
        redirected: whether this came from where the service had sent the request on to.
        connection_lost: whether the connection broke that the request was sent over.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(plain_text(message) or "no reason was given")
        self.status = status
        self.retry_after = retry_after
        self.provider: str | None = None
        self.model: str | None = None
        self.step: str | None = None
        self.redirected = False
        self.connection_lost = False

    def at(self, *, provider: str, model: str, step: str) -> Self:
        """Record where this happened, unless that is recorded already; return the error itself."""
        self.provider = self.provider or provider
        self.model = self.model or model
        self.step = self.step or step
        return self

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.provider, self.step) if part)
        return f"{where}: {self.args[0]}" if where else str(self.args[0])


class AuthenticationError(ResponseError):
    """A key is missing, or the service refused it."""


class QuotaExceeded(ResponseError):
    """Too many requests, or a quota or balance is used up; `retry_after` says when to come back, if known."""


class ContentRejected(ResponseError):
    """The service refuses to draw this; the message is the service's own reason."""


class ProviderUnavailable(ResponseError):
    """The service cannot be reached, is down, asleep or overloaded."""


class NotSent(ProviderUnavailable):
    """No connection to the service could be opened, so nothing was sent to it."""


class ProtocolError(ResponseError, RuntimeError):
    """The service said something that its protocol does not allow, or that is not understood."""


class DeadlineExceeded(ResponseError, TimeoutError):
    """The whole request took longer than its deadline allows."""


def first_cause(error: Exception) -> Exception:
    """Return the exception that a group is about: the first that is impasto's own, else the first."""
    while isinstance(error, ExceptionGroup):
        inner = error.exceptions
        error = next((each for each in inner if isinstance(each, ImpastoError)), inner[0])
    return error


class AllProvidersFailed(ImpastoError):
    """No route for a request led to a picture.

    Attributes:
        attempts: the error of each attempt, in the order in which they were made.
    """

    def __init__(self, message: str, *, attempts: tuple[ImpastoError, ...] = ()) -> None:
        super().__init__(message)
        self.attempts = attempts
