"""The closed list of why a delivery did not arrive."""

from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why a delivery failed; stored, counted and shown by these names."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    GONE = "gone"
    ADDRESS_REFUSED = "address_refused"
    AUTHENTICATION = "authentication"
    NO_RECIPIENT = "no_recipient"
    BAD_CONFIG = "bad_config"
    CHANNEL_OFF = "channel_off"
    FAULT = "fault"


# Trying again cannot help with these.
PERMANENT = frozenset({Reason.GONE, Reason.ADDRESS_REFUSED, Reason.NO_RECIPIENT, Reason.BAD_CONFIG, Reason.CHANNEL_OFF})


class SendFailed(Exception):
    """A channel did not take the message. `retry_after` is what the other side asked for."""

    def __init__(self, reason: Reason, detail: str, retry_after: timedelta | None = None) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after

    @property
    def permanent(self) -> bool:
        """True when trying again cannot help."""
        return self.reason in PERMANENT
