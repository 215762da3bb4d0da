"""``bemore audit``: who did what to which session; ``bemore audit prune`` deletes old entries."""

import click
import msgspec

from bemore import clock
from bemore.cli.common import Duration, Since, actor, database, load_settings, plural
from bemore.cli.erasing import erasing_options
from bemore.models import audit as log


@click.group(invoke_without_command=True, epilog="Example: bemore audit --since 7d")
@click.option("--session", "session_id", help="Only entries of this session.")
@click.option("--since", type=Since(), help="Only entries from then on: 7d, 2026-05-01, 2026-05-01T08:00:00Z.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@click.pass_context
def audit(context, session_id, since, as_json):
    """Print the audit log, oldest entry first.

    A line has time, actor, role, action, session and request.
    """
    if context.invoked_subcommand is not None:
        if session_id is not None or since is not None or as_json:
            raise click.UsageError("--session, --since and --json are for printing; they do not go with a subcommand.")
        return
    with database(load_settings()):
        for entry in log.entries(session_id, since):
            click.echo(msgspec.json.encode(entry.as_json()).decode() if as_json else _line(entry))


def _line(entry):
    columns = (entry.actor, entry.role, entry.action, entry.session_id, entry.request_id)
    return "  ".join((clock.iso(entry.at_ms), *(_printable(each) if each else "-" for each in columns)))


def _printable(text):
    # A token's subject may hold anything, and neither line breaks nor control codes may reach a terminal.
    return "".join(each if each.isprintable() and not each.isspace() else "?" for each in text)


@audit.command(epilog="Example: bemore audit prune --older-than 730d --dry-run")
@click.option("--older-than", type=Duration(), required=True, help="Age from which entries are erased: 730d.")
@erasing_options
def prune(older_than, confirmation):
    """Erase old entries of the audit log.

    That is recorded in the log. Nothing else can delete entries. Keep them at least as long as backups: `bemore restore` uses them to
    erase sessions again that were erased after the backup.
    """
    with database(load_settings()):
        now = clock.now_ms()
        cutoff = now - older_than
        count = log.count_until(cutoff)
        confirmation.carry_out(
            count, f" from before {clock.iso(cutoff)}", count, lambda entries: plural(entries, "audit entry", "audit entries"),
            lambda after_batch: log.prune(cutoff, actor(), now, after_batch),
        )  # fmt: skip
