"""``bemore close-idle``, ``purge``, ``erase`` and ``vacuum``: sessions that nobody ended, that are too old, or that are of one user."""

import click

from bemore import clock
from bemore.cli.common import Duration, actor, database, load_settings, plural
from bemore.cli.erasing import erasing_options
from bemore.db.vacuum import vacuum as rewrite
from bemore.lifecycle import idle, purge as erasure
from bemore.models import partitions
from bemore.models.minute_scoring import Rules
from bemore.models.tables import TABLES


@click.command("close-idle", epilog="Example: bemore close-idle --after 12h")
@click.option("--after", type=Duration(), required=True, help="Idle time after which a session ends: 30m, 12h, 90d.")
def close_idle(after):
    """End sessions that nobody ended, as of their last data.

    A session is idle if nothing has arrived for it for that long: no frame, audio chunk, snippet, score or feedback, no pause and no
    resumption. The command can run at any time and repeatedly.
    """
    settings = load_settings()
    with database(settings):
        now = clock.now_ms()
        count = sum(1 for _ in idle.close_idle(now - after, now, actor(), Rules.of(settings)))
    click.echo(f"ended {plural(count, 'session')}")


@click.command(epilog="Example: bemore purge --older-than 90d --dry-run")
@click.option("--older-than", type=Duration(), help="Age from which sessions are erased: 90d. Default: RETENTION_DAYS.")
@erasing_options
def purge(older_than, confirmation):
    """Erase old sessions with everything stored of them.

    The age counts from a session's end, or from its last data if nobody ended it. Preferences that nobody has used for as long are
    erased as well. The service can run meanwhile. If the command is interrupted, the next purge finishes the work.
    """
    settings = load_settings()
    if older_than is None:
        if settings.retention_days is None:
            raise click.UsageError("Give an age with --older-than 90d, or set RETENTION_DAYS.")
        older_than = settings.retention_days * 86_400_000
    with database(settings):
        now = clock.now_ms()
        partitions.make_ahead(now, settings.retention_days)
        amount = erasure.survey(now - older_than, now)
        confirmation.carry_out(
            amount, f" from before {clock.iso(now - older_than)}", amount.rows, _text,
            lambda after_batch: erasure.purge(now - older_than, now, actor(), after_batch),
        )  # fmt: skip


@click.command(epilog="Examples: bemore erase client-17 --dry-run; for an id that begins with a hyphen: bemore erase -- -42")
@click.argument("user_id")
@erasing_options
def erase(user_id, confirmation):
    """Erase everything stored of a user, for example on request.

    USER_ID is the userId of the sessions. They are erased in whatever state they are, with everything stored of them, the preferences
    of the user with that id and the notes that it wrote in sessions of others. The service can run meanwhile. If the command is
    interrupted, run it again.
    """
    with database(load_settings()):
        amount = erasure.survey_user(user_id)
        if not amount:
            # An erasure that was interrupted has hidden its sessions.
            if confirmation.dry_run or not erasure.finish_erasing():
                raise click.ClickException("Nothing is stored of that user.")
            click.echo("finished an erasure that was interrupted")
            return
        confirmation.carry_out(
            amount, " of that user", amount.rows, _text,
            lambda after_batch: erasure.erase_user(user_id, clock.now_ms(), actor(), after_batch),
        )  # fmt: skip


@click.command(epilog="Example: bemore purge --older-than 90d --yes && bemore vacuum")
def vacuum():
    """Rewrite the files so that no erased rows remain in them.

    Deleting leaves copies of single rows in SQLite's file where pages were split, and dead rows in PostgreSQL's files. Writers wait
    meanwhile (a request for 5 s, then it gets a 503), and the disk needs room for a second copy of the database.
    """
    with database(load_settings()):
        rewrite([model._meta.table_name for model in TABLES])
    click.echo("rewrote the database files")


def _text(amount):
    *counts, notes = amount
    parts = zip(counts, ("session", "frame", "audio chunk", "snippet", "preference set"), strict=True)
    elsewhere = [f"{plural(notes, 'note')} in sessions of others"] if notes else []
    return ", ".join([*(plural(count, noun) for count, noun in parts), *elsewhere])
