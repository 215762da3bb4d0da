"""The command ``bemore`` and its subcommands."""

import click

from bemore import __version__, clock
from bemore.cli.audit import audit
from bemore.cli.backup import backup, export, restore
from bemore.cli.check import check
from bemore.cli.common import errors_as_sentences, load_settings
from bemore.cli.rescoring import rescore
from bemore.cli.retention import close_idle, erase, purge, vacuum
from bemore.cli.token import token
from bemore.db.migrate import migrate as apply_migrations
from bemore.models import partitions


@click.group(context_settings={"max_content_width": 120})
@click.version_option(__version__)
def main():
    """BeMore: sessions, telemetry, minute scores and reports behind a video counseling page."""


@main.command(epilog="Example: PORT=8301 bemore serve")
def serve():
    """Start the service (applies migrations first). Stop with Ctrl+C."""
    from bemore.server.config import Server

    Server(load_settings()).run()


@main.command(epilog="Example: DATABASE_URL=postgresql://bemore@localhost/bemore bemore migrate")
def migrate():
    """Apply the migrations that the database lacks."""
    settings = load_settings()
    with errors_as_sentences():
        applied = apply_migrations(settings)
        partitions.make_ahead(clock.now_ms(), settings.retention_days)
    click.echo("\n".join(applied) if applied else "The database is up to date.")


for _command in (check, token, close_idle, purge, erase, vacuum, export, backup, restore, rescore, audit):
    main.add_command(_command)
