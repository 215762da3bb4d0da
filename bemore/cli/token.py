"""``bemore token``."""

import click

from bemore.auth.callers import ROLES
from bemore.cli.common import Duration, load_settings


@click.command(epilog="Example: bemore token --sub counselor-3 --role counselor --expires 12h")
@click.option("--sub", "subject", required=True, help="Subject: the userId or counselorId of their own sessions.")
@click.option("--role", required=True, type=click.Choice(ROLES), help="Role.")
@click.option("--expires", default="1h", show_default=True, type=Duration(), help="Lifetime: 15m, 12h, 30d.")
def token(subject, role, expires):
    """Create an access token signed with JWT_SECRET (HS256)."""
    from bemore.auth.tokens import fits, make  # its cryptography takes memory and time that no other command needs

    settings = load_settings()
    if not settings.jwt_secret:
        why = "With JWT_PUBLIC_KEY or JWT_JWKS_URL, tokens come from the holder of the private key."
        raise click.ClickException(f"JWT_SECRET is not set. {why}")
    if not fits(subject):
        raise click.BadParameter("must be 1 to 128 printable characters.", param_hint="--sub")
    click.echo(make(settings.jwt_secret, subject, role, expires // 1000, settings.jwt_issuer, settings.jwt_audience))
