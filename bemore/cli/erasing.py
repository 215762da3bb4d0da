"""What the commands that erase share: ``--dry-run`` and ``--yes``, the question, the progress bar, pauses between batches."""

import functools
import sys
import time
from typing import NamedTuple

import click

#: After a batch others have the database for as long as the batch took, within these bounds in seconds. SQLite's writers look
#: every 100 ms at the latest whether it is free.
_LEAST_PAUSE, _MOST_PAUSE = 0.002, 0.2


def erasing_options(command):
    """Add ``--dry-run`` and ``--yes`` to a command, which gets them as ``confirmation``, a Confirmation."""

    @click.option("--dry-run", is_flag=True, help="Only print what would be erased.")
    @click.option("--yes", is_flag=True, help="Erase without asking.")
    @functools.wraps(command)
    def checked(*args, dry_run, yes, **kwargs):
        if dry_run and yes:
            raise click.UsageError("--dry-run and --yes exclude each other.")
        return command(*args, confirmation=Confirmation(dry_run, yes), **kwargs)

    return checked


class Confirmation(NamedTuple):
    """How a command was started: to print only, to ask, or to erase without asking."""

    dry_run: bool
    yes: bool

    def erase(self, amount, which, rows, text, run):
        """Print what would be erased, or ask unless there is nothing, and erase.

        ``amount`` is what there is, in ``rows`` rows; it is false if that is nothing. ``text(amount)`` puts it into words, which
        ``which`` follows. ``run(after_batch)`` erases, and returns the amount that it erased.
        """
        if self.dry_run:
            click.echo(f"would erase {text(amount)}{which}")
            return
        if amount and not self.yes:
            _ask(f"{text(amount)}{which}")
        with click.progressbar(length=max(1, rows), label="Erasing", file=sys.stderr) as bar:
            erased = run(_pausing(bar))
        click.echo(f"erased {text(erased)}")


def _ask(what):
    if not sys.stdin.isatty():
        raise click.ClickException(f"There is no terminal to confirm on: add --yes to erase {what}.")
    click.confirm(f"Erase {what}?", abort=True)


def _pausing(bar):
    """A function to call after each batch, with its number of rows."""
    began = time.monotonic()

    def after_batch(rows):
        nonlocal began
        bar.update(rows)
        time.sleep(min(_MOST_PAUSE, max(_LEAST_PAUSE, time.monotonic() - began)))
        began = time.monotonic()

    return after_batch
