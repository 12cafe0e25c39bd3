"""`callcenter user` and `callcenter token`."""

from typing import get_args

import click

from callcenter.commands.opening import Opened, run
from callcenter.now import system_now
from callcenter.rights import ROLES
from callcenter.services import people
from callcenter.services.resources import Locale

_LOCALES = get_args(Locale)


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("create")
@click.argument("login")
@click.option("--name", help="Name on screens; the login when left out.")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--email")
@click.option("--locale", type=click.Choice(_LOCALES), default="en", show_default=True)
@click.password_option(help="Asked for when left out.")
def create(login: str, name: str | None, role: str, email: str | None, locale: str, password: str) -> None:
    """Create a user, the first admin too."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            wanted = people.NewUser(login=login, name=name or login, role=role, email=email, locale=locale)  # type: ignore[arg-type]  # click has checked the choices
            await people.create(conn, wanted, password, store.settings, system_now())
        click.echo(f"{login} can sign in as {role}.")

    run(work)


@user.command("password")
@click.argument("login")
@click.password_option(help="Asked for when left out.")
def password(login: str, password: str) -> None:
    """Set a user's password."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            await people.set_password(conn, login, password, system_now())
        click.echo(f"{login} has a new password.")

    run(work)


@user.command("list")
def list_users() -> None:
    """List users, one a line."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            for row in await people.listing(conn):
                click.echo(f"{row['login']}\t{row['role']}\t{row['name']}\t{'active' if row['active'] else 'off'}")

    run(work)


@click.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", default="command line", show_default=True, help="What it is for; it signs timeline entries.")
@click.option("--login", help="A user whose token it is.")
@click.option("--days", type=click.IntRange(1), help="Days until it expires; never when left out.")
def create_token(role: str, name: str, login: str | None, days: int | None) -> None:
    """Create a token and print it, alone, on standard output; it cannot be shown again."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            click.echo(await people.create_token(conn, name, role, login, days, system_now()))

    run(work)


@token.command("list")
def list_tokens() -> None:
    """List tokens, one a line, without their secrets."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            for row in await people.tokens_of_all(conn):
                state = "revoked" if row["revoked_at"] else "valid"
                click.echo(f"{row['id']}\t{row['role']}\t{row['name']}\t{row['login'] or ''}\t{state}")

    run(work)


@token.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End a token, by its number in the list."""

    async def work(store: Opened) -> None:
        async with store.pool.acquire() as conn:
            await people.revoke_token(conn, number, system_now())
        click.echo(f"token {number} is revoked.")

    run(work)
