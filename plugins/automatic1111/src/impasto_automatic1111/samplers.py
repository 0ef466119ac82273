"""Whether a picture was drawn with the sampler that was asked for: the servers spell samplers differently."""

from __future__ import annotations

import re

_NOISE_SCHEDULES = frozenset(
    {
        "automatic", "uniform", "karras", "exponential", "polyexponential", "sgmuniform", "kloptimal", "alignyoursteps",
        "alignyourstepsgits", "alignyoursteps11", "alignyoursteps32", "simple", "normal", "ddim", "beta", "turbo",
        "discrete", "trailing",
    }
)  # fmt: skip
"""What may stand behind a sampler's name: schedulers of Forge's ``modules/sd_schedulers.py``, and of ``sd-server``,
whose name for DDIM is ``ddim_trailing``."""

UNKNOWN = "NONE"
"""What ``sd-server`` writes for a sampler that it does not know, and for none."""


def is_same(one: str, other: str) -> bool:
    """Tell whether two names mean the same sampler, with or without a scheduler behind it.

    ``Euler a`` is ``euler_a`` for ``sd-server``, and ``k_euler_a`` for the web UI too; ``DPM++ 2M Karras`` is the
    ``DPM++ 2M`` of servers that know schedulers apart.
    """
    shorter, longer = sorted((_plain(one), _plain(other)), key=len)
    rest = longer.removeprefix(shorter)
    return longer.startswith(shorter) and (not rest or rest in _NOISE_SCHEDULES)


def _plain(name: str) -> str:
    return re.sub(r"[ _]", "", name.casefold().removeprefix("k_")).replace("dpmpp", "dpm++")
