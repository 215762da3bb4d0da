"""``bemore check``."""

import sys
from itertools import chain

import click

from bemore.cli.common import load_settings

_LEVELS = ("ok", "warning", "error")


@click.command(epilog="Examples: bemore check --nginx /etc/nginx/nginx.conf; sudo nginx -T | bemore check --nginx -")
@click.option("--nginx", type=click.File(encoding="utf-8"), help="An nginx configuration to compare; - reads what nginx -T prints.")
def check(nginx):
    """Look at the environment that the service would start in.

    Settings, authentication, database, durability, connections, Redis, clocks, fonts. Nothing is changed, and no secret is shown.
    Exit status: 0 if all is well, 1 if something works otherwise than it should, 2 if the start would fail or data could be lost.
    """
    try:
        settings = load_settings()
    except click.ClickException as error:
        click.echo(f"error    settings     {error.message}")
        sys.exit(2)
    # Imported here: most commands need none of it.
    from bemore.lifecycle import check as checks

    known = checks.nginx(settings, nginx.read()) if nginx else ()
    worst = checks.OK
    for each in chain(checks.environment(settings, settings.web_concurrency), checks.key_set(settings), checks.fonts(), known):
        worst = max(worst, each.level)
        click.echo(f"{_LEVELS[each.level]:8} {each.part:12} {each.text}")
        if each.mend:
            click.echo(f"{'':21} → {each.mend}")
    sys.exit(worst)
