"""``bemore token``: a token for somebody, signed with the service's own secret."""

import click

from bemore.auth.callers import ROLES
from bemore.cli.common import Duration, load_settings


@click.command()
@click.option("--sub", "subject", required=True, help="Whom it is for: the userId or counselorId of the own sessions.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="What they may do.")
@click.option("--expires", default="1h", show_default=True, type=Duration(), help="How long it is good: 15m, 12h, 30d.")
def token(subject, role, expires):
    """Make a token that is signed with JWT_SECRET (HS256)."""
    from bemore.auth.tokens import fits, make

    settings = load_settings()
    if not settings.jwt_secret:
        raise click.ClickException("JWT_SECRET is not set. Tokens for other keys are made by whoever has the private one.")
    if not fits(subject):
        raise click.BadParameter("must be 1 to 128 printable characters.", param_hint="--sub")
    click.echo(make(settings.jwt_secret, subject, role, expires // 1000, settings.jwt_issuer, settings.jwt_audience))
