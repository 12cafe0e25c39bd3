"""What the form of a channel asks: the settings of its kind, read off the kind's own description."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from alerts.channels import secret_settings, settings_of
from callcenter.web.pages.fields import LANGUAGES, Field
from callcenter.web.pages.navigation import N_

_LABELS = {
    "url": N_("Address"), "host": N_("Mail server"), "from": N_("Sender"), "port": N_("Port"),
    "username": N_("User name"), "password": N_("Password"), "starttls": N_("Encrypt with STARTTLS"),
    "tls": N_("Encrypt with TLS"), "to": N_("To these addresses only"), "locale": N_("Language"),
    "per_minute": N_("Messages a minute, at most"), "allow_private": N_("May be in the private network"),
    "secret": N_("Secret"), "token": N_("Token"), "keyword": N_("Keyword"), "mention": N_("Mention people on duty"),
    "routing_key": N_("Integration key"), "source": N_("Source"), "labels": N_("Labels (name=value)"),
    "path": N_("File"), "key": N_("Key"), "template": N_("Template"), "sign": N_("Signature"),
    "variables": N_("Variables (name=value)"),
}  # fmt: skip
KIND_NAMES = {
    "webhook": "Webhook", "email": N_("E-mail"), "journal": N_("Journal"), "dingtalk": N_("DingTalk"),
    "wecom": N_("WeCom"), "feishu": N_("Feishu"), "slack": "Slack", "teams": "Microsoft Teams",
    "pagerduty": "PagerDuty", "sms": N_("Text message"), "alertmanager": "Alertmanager", "apprise": "Apprise",
}  # fmt: skip


def channel_fields(kind: str | None) -> tuple[Field, ...]:
    """One question for each setting of the kind."""
    settings = settings_of(kind) if kind else None
    if settings is None or kind is None:
        return ()
    return tuple(_field(one, kind) for one in msgspec.structs.fields(settings))


def _field(one: msgspec.structs.FieldInfo, kind: str) -> Field:
    name, label = one.encode_name, _LABELS.get(one.encode_name, one.encode_name)
    hint = _bare(one.type)
    if name in secret_settings(kind):
        return Field(f"config.{name}", label, "password")
    if hint is bool:
        return Field(f"config.{name}", label, "tick")
    if hint in (int, float):
        return Field(f"config.{name}", label, "number")
    if get_origin(hint) is Literal:
        chosen = tuple((str(value), LANGUAGES.get(str(value), str(value))) for value in get_args(hint))
        return Field(f"config.{name}", label, "choice", chosen)
    if get_origin(hint) in (tuple, list, dict):
        return Field(f"config.{name}", label, "pairs" if get_origin(hint) is dict else "words")
    return Field(f"config.{name}", label)


def _bare(hint: Any) -> Any:
    """The type without its limits and without None."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return _bare(next(one for one in get_args(hint) if one is not type(None)))
    return hint


def config_of(kind: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """The settings a form gives; what was left empty is left out, so that the kind's own default counts."""
    config: dict[str, Any] = {}
    for field in channel_fields(kind):
        name, text = field.name.removeprefix("config."), str(form.get(field.name, "")).strip()
        if field.kind == "tick":
            config[name] = field.name in form
        elif text:
            config[name] = _read(field.kind, text)
    return config


def _read(kind: str, text: str) -> Any:
    if kind == "number":
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    parts = [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]
    if kind == "pairs":
        return {name: value for name, _, value in (part.partition("=") for part in parts)}
    return parts if kind == "words" else text
