"""How many requests a second one token may make of one worker."""

from datetime import datetime


class RateLimit:
    """A bucket a token: it holds one second's worth and fills steadily; 0 is no limit."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._buckets: dict[int, tuple[float, datetime]] = {}

    def wait(self, token: int, now: datetime) -> float:
        """Seconds until the token may ask again; 0 lets this request in and counts it."""
        if self._per_second == 0:
            return 0.0
        left, since = self._buckets.get(token, (float(self._per_second), now))
        left = min(float(self._per_second), left + max(0.0, (now - since).total_seconds()) * self._per_second)
        if left < 1:
            return (1 - left) / self._per_second
        self._buckets[token] = (left - 1, now)
        return 0.0
