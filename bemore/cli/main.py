"""The command ``bemore``."""

import click

from bemore import __version__
from bemore.cli.audit import audit
from bemore.cli.common import load_settings, told_errors
from bemore.cli.backup import backup, export, restore
from bemore.cli.retention import close_idle, erase, purge, vacuum
from bemore.cli.token import token


@click.group()
@click.version_option(__version__)
def main():
    """BeMore: sessions, telemetry, minute scores and reports behind a video counselling page."""


@main.command()
def serve():
    """Migrate the database, then serve until told to stop."""
    from bemore.server.config import Server

    Server(load_settings()).run()


@main.command()
def migrate():
    """Bring the database to the newest version."""
    from bemore.db.migrate import migrate as run

    settings = load_settings()
    with told_errors():
        done = run(settings)
    click.echo("\n".join(done) if done else "nothing to do")


for _command in (token, close_idle, purge, erase, vacuum, export, backup, restore, audit):
    main.add_command(_command)
