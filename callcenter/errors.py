"""What can go wrong, as one tree; the HTTP layer and the command line each render it in one place.

CallcenterError
├── Invalid       the request cannot be understood or is not allowed as it stands (422; `errors` name the fields)
├── NotFound      there is no such thing (404)
├── Conflict      it collides with what is stored (409)
├── Stale         it was changed in between (412)
├── Forbidden     this role may not do it (403)
└── Unauthorized  no valid token (401)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field at fault: a JSON pointer (RFC 6901), a short code and a sentence."""

    pointer: str
    code: str
    detail: str


class CallcenterError(Exception):
    """Base of everything the service refuses on purpose."""

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class Invalid(CallcenterError):
    """The request cannot be understood or is not allowed as it stands."""

    @classmethod
    def field(cls, pointer: str, code: str, detail: str) -> "Invalid":
        """The refusal of one named field."""
        return cls(detail, (FieldError(pointer, code, detail),))


class NotFound(CallcenterError):
    """There is no such thing."""


class Conflict(CallcenterError):
    """It collides with what is stored."""


class Stale(CallcenterError):
    """It was changed since the caller read it."""


class Forbidden(CallcenterError):
    """This role may not do it."""


class Unauthorized(CallcenterError):
    """No valid token came with the request."""
