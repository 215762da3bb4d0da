"""``bemore close-idle``, ``purge``, ``erase`` and ``vacuum``.

Sessions nobody ended, sessions that are too old, all of one user, and what is left of what was erased.
"""

import sys
import time

import click

from bemore import clock
from bemore.cli.common import Duration, actor, database, load_settings, plural, time_text

#: After a batch others have the database for as long as the batch took, within these bounds in seconds. SQLite's writers look
#: every 100 ms at the latest whether it is free.
_LEAST_PAUSE, _MOST_PAUSE = 0.002, 0.2


@click.command("close-idle")
@click.option("--after", type=Duration(), required=True, help="How long nothing must have come: 30m, 12h, 90d.")
def close_idle(after):
    """End sessions that nobody ended, as of their last data.

    A session is idle when nothing has come for it for that long: no frame, chunk, snippet, score, feedback, pause or resumption.
    May run at any time, again and again.
    """
    settings = load_settings()
    with database(settings):
        from bemore.lifecycle import idle
        from bemore.models.minute_scoring import Rules
        from bemore.scoring.minute_score import Weights

        now = clock.now_ms()
        count = sum(1 for _ in idle.close_idle(now - after, now, actor(), Rules(Weights(*settings.weights), settings.model_version)))
    click.echo(f"ended {plural(count, 'session')}")


@click.command()
@click.option("--older-than", type=Duration(), help="How old a session must be: 90d. Left out: RETENTION_DAYS.")
@click.option("--dry-run", is_flag=True, help="Only tell what there is to erase.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(older_than, dry_run, yes):
    """Erase sessions that ended longer ago, with all that is stored under them.

    One that nobody ended counts by its last data. Settings of the page that nobody has used for as long go with them.
    The service may go on meanwhile; a purge that is stopped is finished by the next.
    """
    settings = load_settings()
    _check(dry_run, yes)
    if older_than is None and settings.retention_days is None:
        raise click.UsageError("say how old with --older-than 90d, or set RETENTION_DAYS.")
    if older_than is None:
        older_than = settings.retention_days * 86_400_000
    with database(settings):
        from bemore.lifecycle import purge as model

        now = clock.now_ms()
        amount = model.survey(now - older_than, now)
        _tell_ask_erase(
            amount, f", of before {time_text(now - older_than)}", dry_run, yes,
            lambda after_batch: model.purge(now - older_than, now, actor(), after_batch),
        )  # fmt: skip


@click.command()
@click.argument("user_id")
@click.option("--dry-run", is_flag=True, help="Only tell what there is to erase.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(user_id, dry_run, yes):
    """Erase all that is stored of a user, as when a client asks to be forgotten.

    USER_ID is the userId of the sessions: they go in whatever state they are, with all that is stored under them, and the settings
    of the page of the user with that id. The service may go on meanwhile; stopped, it is run again.
    """
    settings = load_settings()
    _check(dry_run, yes)
    with database(settings):
        from bemore.lifecycle import purge as model

        amount = model.survey_user(user_id)
        _tell_ask_erase(
            amount, " of that user", dry_run, yes,
            lambda after_batch: model.erase_user(user_id, clock.now_ms(), actor(), after_batch),
        )  # fmt: skip


@click.command()
def vacuum():
    """Write the database anew, so that nothing erased is left in its files.

    Deleting leaves copies of single rows in SQLite's file where pages were split, and dead rows in PostgreSQL's. Writers wait meanwhile
    (a request for 5 s, then it is told to come again), and the disk must have room for a second copy.
    """
    with database(load_settings()):
        from bemore.db.vacuum import vacuum as rewrite
        from bemore.models.tables import TABLES

        rewrite([model._meta.table_name for model in TABLES])
    click.echo("written anew")


def _told(amount):
    parts = zip(amount, ("session", "frame", "audio chunk", "snippet", "preference set"))
    return ", ".join(plural(count, noun) for count, noun in parts)


def _check(dry_run, yes):
    if dry_run and yes:
        raise click.UsageError("--dry-run and --yes say the opposite of each other.")


def _tell_ask_erase(amount, which, dry_run, yes, run):
    """Tell the Amount there is, or ask and ``run(after_batch)``, which answers what it erased."""
    told = f"{_told(amount)}{which}"
    if dry_run:
        click.echo(f"would erase {told}")
        return
    if any(amount) and not yes:
        _ask(told)
    with click.progressbar(length=max(1, amount.rows), label="Erasing", file=sys.stderr) as bar:
        done = run(_pausing(bar))
    click.echo(f"erased {_told(done)}")


def _ask(told):
    if not sys.stdin.isatty():
        raise click.ClickException(f"there is no terminal to ask on: say --yes to erase {told}.")
    click.confirm(f"Erase {told}?", abort=True)


def _pausing(bar):
    """What is called after a batch, with its number of rows."""
    began = time.monotonic()

    def after_batch(rows):
        nonlocal began
        bar.update(rows)
        time.sleep(min(_MOST_PAUSE, max(_LEAST_PAUSE, time.monotonic() - began)))
        began = time.monotonic()

    return after_batch
