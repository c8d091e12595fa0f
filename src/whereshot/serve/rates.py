"""How often each client may ask."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

_MOST_CLIENTS = 10_000
_IPV6_NETWORK = 64  # bits: who has one address of such a network has all of them


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rates:
    """A bucket of tokens for each client: a request takes one, and `per_minute` come back.

    So a client may ask `per_minute` times at once, or evenly, and after a pause again.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, client: str) -> int:
        """Take a token and answer 0, or the seconds until there is one."""
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(self.per_minute, now))
        self._buckets.move_to_end(client)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        a_second = self.per_minute / 60
        bucket.tokens = min(self.per_minute, bucket.tokens + (now - bucket.filled) * a_second)
        bucket.filled = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        return max(1, math.ceil((1 - bucket.tokens) / a_second))


def network_of(address: str) -> str:
    """The address that a client counts as: IPv4 alone, IPv6 with its network.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3:4:5:6")
    ('192.0.2.7', '2001:db8:1:2::/64')
    """
    try:
        if ipaddress.ip_address(address).version == 4:
            return address
        return str(ipaddress.ip_network(f"{address}/{_IPV6_NETWORK}", strict=False))
    except ValueError:  # a socket of this machine has no address
        return address
