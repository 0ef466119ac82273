"""What a user sets for one provider, or for one model of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impasto.settings import rules
from impasto.settings.limits import TIMEOUT_NAMES, Timeouts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto.settings.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSection:
    """What one section says; what it leaves out is None or empty.

    Attributes:
        url: the address to use in place of the declared one.
        key: the key.
        headers: headers to send to the provider, by name; they may hold keys.
        origins: other origins that may see key and headers.
        timeouts: seconds, by their names in `Timeouts`.
        max_concurrency: how many requests at once.
        private_addresses: whether pictures and redirects may lead to addresses that are not public.
    """

    url: str | None = None
    key: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: tuple[str, ...] = ()
    timeouts: Mapping[str, float] = field(default_factory=dict)
    max_concurrency: int | None = None
    private_addresses: bool | None = None

    def over(self, below: ProviderSection) -> ProviderSection:
        """Return the two together; where both say something, this one holds. Headers are joined by name."""
        mine = {name.lower() for name in self.headers}
        others = {name: value for name, value in below.headers.items() if name.lower() not in mine}
        return ProviderSection(
            url=self.url or below.url,
            key=self.key or below.key,
            headers={**others, **self.headers},
            origins=self.origins or below.origins,
            timeouts={**below.timeouts, **self.timeouts},
            max_concurrency=self.max_concurrency or below.max_concurrency,
            private_addresses=below.private_addresses if self.private_addresses is None else self.private_addresses,
        )


SECTION_NAMES = tuple(each.name for each in dataclasses.fields(ProviderSection))
"""The keys of a provider's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What holds for a provider or a model, when everything that is said of it is put together.

    Attributes:
        url: the address to use in place of the declared one; None for that.
        key: the key; None where none is set here.
        headers: headers to send to the provider, by name; they may hold keys.
        origins: other origins that may see key and headers.
        timeouts: how long to wait.
        max_concurrency: how many requests at once; None for what the provider declares.
        private_addresses: whether pictures and redirects may lead to addresses that are not public.
    """

    url: str | None = None
    key: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    origins: tuple[str, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_concurrency: int | None = None
    private_addresses: bool = False


def read_section(value: object, place: rules.Place) -> ProviderSection:
    """Return what a section's table says.

    Args:
        value: the table, or a section read before.
        place: where it stands.

    Raises:
        SettingsError: it breaks a rule.
    """
    if isinstance(value, ProviderSection):
        return value
    said = {name: each for name, each in rules.table(value, place, SECTION_NAMES).items() if each is not None}
    origins = said.get("origins", ())
    if not isinstance(origins, list | tuple):
        raise rules.Fault((*place, "origins"), f"must be a list of origins, not {rules.kind_of(origins)}")
    times = rules.table(said.get("timeouts", {}), (*place, "timeouts"), TIMEOUT_NAMES)
    return ProviderSection(
        url=rules.url(said["url"], (*place, "url")) if "url" in said else None,
        key=rules.key(said["key"], (*place, "key")) if "key" in said else None,
        headers=rules.headers(said.get("headers", {}), (*place, "headers")),
        origins=tuple(rules.origin(each, (*place, "origins")) for each in origins),
        timeouts={name: rules.seconds(each, (*place, "timeouts", name)) for name, each in times.items()},
        max_concurrency=rules.whole(said["max_concurrency"], (*place, "max_concurrency"))
        if "max_concurrency" in said
        else None,
        private_addresses=rules.truth(said["private_addresses"], (*place, "private_addresses"))
        if "private_addresses" in said
        else None,
    )
