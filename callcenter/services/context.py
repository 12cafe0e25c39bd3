"""What every use case needs besides its own command."""

from dataclasses import dataclass, field

import asyncpg

from callcenter.now import Now
from callcenter.settings import Settings
from callcenter.store.contracts import Terms
from callcenter.store.duty import Rosters
from callcenter.store.together import Burst


@dataclass(frozen=True, slots=True)
class Context:
    """The running service: how it was set up, how it reads the time, the contract terms and the rota it has read."""

    settings: Settings
    now: Now
    terms: Terms = field(default_factory=Terms)
    rosters: Rosters = field(default_factory=Rosters)
    pool: asyncpg.Pool | None = None  # for what is worth a second connection
    burst: Burst | None = None  # shared statements for calls of the same millisecond, where there is a pool for them
