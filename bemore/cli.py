"""The command ``bemore``."""

import logging.config

import click

from bemore import __version__, logs
from bemore.errors import DatabaseUnavailable
from bemore.settings import Settings, SettingsError, drop_empty_variables


def _settings():
    drop_empty_variables()
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    logging.config.dictConfig(logs.config(settings))
    return settings


@click.group()
@click.version_option(__version__)
def main():
    """BeMore: sessions, telemetry, minute scores and reports behind a video counselling page."""


@main.command()
def serve():
    """Migrate the database, then serve until told to stop."""
    from bemore.server import Server

    Server(_settings()).run()


@main.command()
def migrate():
    """Bring the database to the newest version."""
    from bemore.models.migrate import migrate as run

    try:
        done = run(_settings())
    except DatabaseUnavailable:
        raise click.ClickException("the database cannot be reached; the log says why") from None
    click.echo("\n".join(done) if done else "nothing to do")
