"""The one place that reads the environment.

Every setting is a field of `Settings`; its environment variable is `CALLCENTER_` and the field's name in capitals
(`DATABASE_URL` has no prefix). A secret may be given as `..._FILE`, a path to read it from.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the service is started with."""

    database_url: str | None = None
    """PostgreSQL to use; without it an embedded one is started in the data folder."""
    data: Path = Path(".callcenter")
    """Folder of the embedded database."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes a free one."""
    base_url: str | None = None
    """Address people reach the service at, for links in messages."""
    pool_size: Annotated[int, Meta(ge=1, le=200)] = 10
    """Database connections of one worker."""
    statement_cache: bool = True
    """False behind PgBouncer in transaction mode."""
    direct_database_url: str | None = None
    """A way past PgBouncer for LISTEN, locks and migrations; default `DATABASE_URL`."""
    body_limit: Annotated[int, Meta(ge=1024)] = 1_048_576
    """Largest request body in bytes."""
    file_limit: Annotated[int, Meta(ge=1024)] = 10_485_760
    """Largest attachment in bytes."""
    rate_limit: Annotated[int, Meta(ge=0)] = 0
    """Requests a second one token may make of one worker; 0 is no limit."""
    default_region: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "CN"
    """Country of telephone numbers written without one (ISO 3166)."""
    journal: Path | None = None
    """File the journal channel appends to, beside the log."""
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"
    """Least level that is logged."""
    tick_s: Annotated[float, Meta(gt=0, le=60)] = 1.0
    """Seconds between two safety ticks of the engine."""
    metrics_contracts: Annotated[str, Meta(pattern="^[^,]+(,[^,]+){0,49}$")] | None = None
    """Contracts that metrics name, 50 at most, with commas; default the first 50. All others are `other`."""
    metrics_folder: Path | None = None
    """Folder in which workers share what they count (`PROMETHEUS_MULTIPROC_DIR`); `serve` gives its workers one."""
    traces_exporter: Annotated[str, Meta(pattern="^(otlp|console|none)$")] | None = None
    """Where traces go (`OTEL_TRACES_EXPORTER`); without it and an endpoint nowhere."""
    otlp_endpoint: str | None = None
    """Who takes traces by OTLP over HTTP (`OTEL_EXPORTER_OTLP_ENDPOINT`)."""
    otlp_traces_endpoint: str | None = None
    """The same, for traces alone and with its path (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`)."""
    tracing_disabled: bool = False
    """True turns traces off whatever else is set (`OTEL_SDK_DISABLED`)."""


class SettingsError(Exception):
    """Some settings are unknown or bad; `problems` has one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


# settings whose variables others have named
_FOREIGN = {
    "database_url": "DATABASE_URL",
    "metrics_folder": "PROMETHEUS_MULTIPROC_DIR",
    "traces_exporter": "OTEL_TRACES_EXPORTER",
    "otlp_endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT",
    "otlp_traces_endpoint": "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "tracing_disabled": "OTEL_SDK_DISABLED",
}
# read by tests and tools, not by the service
_OTHERS = {"CALLCENTER_TEST_DATABASE_URL"}


def _hook(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return _FOREIGN.get(field, f"CALLCENTER_{field.upper()}")


def _given(environ: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    path = environ.get(f"{name}_FILE")
    if path is None:
        return environ.get(name)
    if name in environ:
        problems.append(f"{name} and {name}_FILE are both set: keep one")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name}_FILE: cannot read {path}: {error}")
        return None


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of the environment; raises SettingsError naming every bad or unknown one at once."""
    environ = os.environ if environ is None else environ  # noqa: TID251  the one place
    problems: list[str] = []
    values: dict[str, object] = {}
    known = set(_OTHERS)
    for field in msgspec.structs.fields(Settings):
        name = variable(field.name)
        known |= {name, f"{name}_FILE"}
        text = _given(environ, name, problems)
        if text is None or text == "":
            continue
        try:
            values[field.name] = msgspec.convert(text, field.type, strict=False, dec_hook=_hook)
        except msgspec.ValidationError as error:
            problems.append(f"{name}={text!r}: {error}")
    problems += [
        f"{name}: no such setting" for name in sorted(environ) if name.startswith("CALLCENTER_") and name not in known
    ]
    if problems:
        raise SettingsError(problems)
    return Settings(**values)  # type: ignore[arg-type]  # each value was converted to its field above


def child_environment(settings: Settings, **changed: str) -> dict[str, str]:
    """The environment of a process of ours: this one's, with these settings."""
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  the one place
        if name not in ("DATABASE_URL", "DATABASE_URL_FILE") and not name.startswith("CALLCENTER_")
    }
    whole = msgspec.structs.asdict(msgspec.structs.replace(settings, **changed))
    ours = {variable(name): _written(value) for name, value in whole.items() if value is not None}
    return {**kept, **ours}


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
