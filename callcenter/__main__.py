"""The command line."""

from importlib import import_module

import click

import callcenter

# where each command lives; a command is imported when it is asked for, so that `sla due` starts at once
_COMMANDS = {
    "demo": "demo:demo",
    "serve": "serving:serve",
    "worker": "serving:worker",
    "migrate": "serving:migrate",
    "contract": "contracts:contract",
    "sla": "sla:sla",
    "import": "importing:import_group",
    "export": "exporting:export_group",
    "report": "reporting:report",
    "verify": "checking:verify",
    "doctor": "checking:doctor",
    "user": "people:user",
    "token": "people:token",
    "backup": "backup:backup",
    "restore": "backup:restore",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"callcenter.commands.{module}"), name)
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(callcenter.__version__, prog_name="callcenter")
def main() -> None:
    """After-sales hotlines: calls, tickets, and every promise of a customer's contract as a clock."""


if __name__ == "__main__":
    main(prog_name="callcenter")
