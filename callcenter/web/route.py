"""What a route is, and what a handler is given."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from callcenter.rights import RIGHTS
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.store.types import Asking, Connection


@dataclass(slots=True)
class Asked:
    """One request, parsed: who asks what, when, and the connection to answer it with."""

    context: Context
    actor: Actor
    now: datetime
    http: web.Request
    conn: Connection = field(init=False)  # set when everything has been read: a slow sender holds none
    asking: Asking = field(init=False)  # the same, or the pool where the route shares its statements
    raw: bytes = b""
    path: dict[str, Any] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    if_match: int | None = None

    @property
    def number(self) -> int:
        """The ticket number or id of the path."""
        found: int = self.path["number"] if "number" in self.path else self.path["id"]
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer where the plain value is not enough."""

    value: Any = None
    status: int | None = None
    version: int | None = None
    location: str | None = None
    raw: bytes | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API: what it takes, what it gives, who may ask."""

    method: str
    path: str
    handler: Handler
    right: str
    summary: str
    gives: Any
    body: Any = None
    query: Any = None
    status: int = 200
    changes: bool = False  # needs If-Match
    media: tuple[str, ...] = ("application/json",)
    gives_media: str = "application/json"
    raw_body: bool = False  # the handler takes the bytes as they came
    attaches: bool = False  # the body may be as large as an attachment
    body_shown: Any = None  # what the document says of the body, where `body` cannot
    streams: bool = False
    shares: bool = False  # its statements stand alone: instead of a connection of its own it is given the pool
    public: bool = False  # no token needed
    keyed: bool = False  # the token stands in the path, for senders that cannot set headers
    secret: bool = False  # the answer holds a secret: nothing keeps it
    also: tuple[int, ...] = ()  # other statuses of success
    also_media: tuple[str, ...] = ()  # what else it gives to those whose Accept asks for it

    @property
    def remembered(self) -> bool:
        """Whether an answer may be kept under an Idempotency-Key; one with a secret in it may not."""
        return not (self.streams or self.public or self.secret or self.keyed)

    @property
    def tag(self) -> str:
        """The group it is listed under."""
        return self.path.removeprefix("/api/v1").split("/")[1]

    @property
    def description(self) -> str:
        """Who may do it, for the document."""
        if self.public:
            return f"{self.summary}. Needs no token."
        return f"{self.summary}. Right `{self.right}`: {', '.join(sorted(RIGHTS[self.right]))}."

    @property
    def name(self) -> str:
        """The operation's name in the OpenAPI document."""
        parts = [part.strip("{}") for part in self.path.removeprefix("/api/v1").split("/") if part]
        return "_".join([self.method.lower(), *parts])
