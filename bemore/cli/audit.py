"""``bemore audit``: who did what to which session."""

import click
import msgspec

from bemore import clock
from bemore.cli.common import Since, database, load_settings, time_text


@click.command()
@click.option("--session", "session_id", help="Only what was done to this session.")
@click.option("--since", type=Since(), help="Only from then on: 7d, 2026-05-01, 2026-05-01T08:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines.")
def audit(session_id, since, as_json):
    """Print the audit log, oldest first: time, actor, role, action, session, request."""
    settings = load_settings()
    with database(settings):
        from bemore.models import audit as model

        for entry in model.entries(session_id, since and since(clock.now_ms())):
            click.echo(msgspec.json.encode(entry.as_json()).decode() if as_json else _line(entry))


def _line(entry):
    told = (entry.actor, entry.role, entry.action, entry.session_id, entry.request_id)
    return "  ".join((time_text(entry.at_ms), *(_printable(each) if each else "-" for each in told)))


def _printable(text):
    # A token's subject may hold anything; a line must stay one, and a terminal must not be told what to do.
    return "".join(each if each.isprintable() and not each.isspace() else "?" for each in text)
