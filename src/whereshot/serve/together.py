"""Several jobs of one request at once: all their results, or the first error."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

_Result = TypeVar("_Result")


async def together(calls: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """The results of calls that run side by side, in order; one that raises ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except* Exception as errors:  # noqa: BLE001 - raised again, without the group around it
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
