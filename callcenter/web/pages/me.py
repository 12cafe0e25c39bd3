"""One's own page: language, theme, keys, password, where one is signed in."""

from collections.abc import Mapping
from typing import Any

from callcenter.errors import CallcenterError, Invalid
from callcenter.services import own_settings
from callcenter.web.pages.fields import LANGUAGES, ROLE_NAMES
from callcenter.web.pages.page import COOKIE, Look, Page, View
from callcenter.web.pages.rendering import LOCALES

THEMES = ("auto", "light", "dark")


async def page(look: Look) -> View:
    """How pages are, and the forms to change it."""
    return _view(look)


def _view(look: Look, status: int = 200, **told: Any) -> View:
    values = {"languages": LANGUAGES, "themes": THEMES, "role": ROLE_NAMES[look.actor.role], "error": None, "done": ""}
    return View("me.html", {**values, **told}, status)


async def prefer(look: Look) -> View:
    """Pages are as asked from now on, this one first."""
    form: Mapping[str, Any] = look.form if look.form is not None else {}
    locale, theme = str(form.get("locale", "")), str(form.get("theme", ""))
    if locale not in LOCALES or theme not in THEMES:
        raise Invalid.field("/locale", "unknown_value", "no such language or theme")
    shortcuts = "shortcuts" in form
    login = look.actor.login or ""
    await own_settings.prefer(look.conn, login, locale, theme, look.now, shortcuts=shortcuts)
    person = look.person
    look.person = type(person)(person.actor, person.name, locale, shortcuts, theme)
    return _view(look, done="settings")


async def change_password(look: Look) -> View:
    """The new password counts, and other browsers have to sign in with it."""
    form: Mapping[str, Any] = look.form if look.form is not None else {}
    old, new = str(form.get("old", "")), str(form.get("new", ""))
    try:
        await own_settings.change_password(look.conn, look.actor.login or "", old, new, _secret(look), look.now)
    except CallcenterError as error:
        return _view(look, 422, error=error)
    return _view(look, done="password")


async def sign_out_others(look: Look) -> View:
    """Every other browser has to sign in again."""
    ended = await own_settings.sign_out_others(look.conn, look.actor.login or "", _secret(look))
    return _view(look, done="sessions", ended=ended)


def _secret(look: Look) -> str:
    return look.http.cookies.get(COOKIE, "")


PAGES = [
    Page("GET", "/me", page),
    Page("POST", "/me", prefer),
    Page("POST", "/me/password", change_password),
    Page("POST", "/me/sessions", sign_out_others),
]
