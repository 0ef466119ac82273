"""A job, and what becomes of it, which words in its graph choose.

==================  ==========================================================================================
``slow``            the first node takes until somebody watches, the sampler stays at its first step; until it is
                    interrupted, or released
``broken``          a node raises
``out of memory``   a node raises as PyTorch does when a GPU has no memory left
``interrupted``     somebody else interrupts it
``forgotten``       the server loses it, as it does when it is started again
``not signed in``   a node of a paid service has no key
``out of credits``  such a node's account is empty
``busy``            such a node's service has too much to do
``refused``         such a node's service does not draw this
==================  ==========================================================================================
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.comfy_api.checking import Checked, links_of

RAISED = {
    "broken": ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied (77x2048 and 768x320)\n"),
    "out of memory": (
        "torch.OutOfMemoryError",
        "Allocation on device 0 would exceed allowed memory.\nThis error means you ran out of memory on your GPU.\n",
    ),
    "not signed in": ("Exception", "Unauthorized: Please login first to use this node.\n"),
    "out of credits": ("Exception", "Payment Required: Please add credits to your account to use this node.\n"),
    "busy": ("Exception", "Rate Limit Exceeded: Please try again later.\n"),
    "refused": ("Exception", "API Error: Your request was flagged by our content moderation system.\n"),
}
BORN = 1_795_732_238_709
"""When the first job was made, in milliseconds since the epoch."""


class Interrupted(Exception):
    """Somebody interrupted the job."""


class Forgotten(Exception):
    """The server lost the job."""


class Raised(Exception):
    """A node raised."""


@dataclass
class Job:
    """What was submitted.

    Attributes:
        id: its ``prompt_id``.
        number: its place among all jobs; the lowest is next.
        graph: the nodes by id.
        extra_data: what came with it.
        checked: where the graph ends.
        asked: how often somebody asked for its history while it was running.
        is_interrupted: whether somebody interrupted it.
        is_released: whether it goes on, though it is slow.
    """

    id: str
    number: float
    graph: Mapping[str, Mapping[str, Any]]
    extra_data: dict[str, Any]
    checked: Checked
    asked: int = 0
    is_interrupted: bool = False
    is_released: bool = False
    messages: list[list[Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def words(self) -> str:
        """All text in the graph, in lower case."""
        values = [value for node in self.graph.values() for value in node["inputs"].values()]
        return " ".join(value.lower() for value in values if isinstance(value, str))

    def entry(self) -> list[Any]:
        """Return the job as the queue and the history show it."""
        extra = {name: value for name, value in self.extra_data.items() if not name.endswith("_comfy_org")}
        return [self.number, self.id, self.graph, {**extra, "create_time": BORN}, self.checked.outputs]

    async def hear(self) -> None:
        """Let whoever waits for news of the job look again."""
        async with self.news:
            self.news.notify_all()


def order_of(job: Job) -> list[str]:
    """Return the nodes that are needed, each behind those that it needs."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for other, _ in links_of(job.graph[name]).values():
                visit(other)
            order.append(name)

    for end in job.checked.outputs:
        visit(end)
    return order


def frame_of(job: Job, name: str, content: bytes, media_type: str) -> bytes:
    ids = {"node_id": name, "prompt_id": job.id, "display_node_id": name, "parent_node_id": None}
    metadata = json.dumps({**ids, "real_node_id": name, "image_type": media_type}).encode()
    return struct.pack(">II", 4, len(metadata)) + metadata + content
