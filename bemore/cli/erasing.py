"""What the commands that erase or change stored data share: ``--dry-run`` and ``--yes``, the question, the progress, pauses."""

import functools
import sys
import time
from typing import NamedTuple

import click

#: After a batch others have the database for as long as the batch took, within these bounds in seconds. SQLite's writers look
#: every 100 ms at the latest whether it is free.
_LEAST_PAUSE, _MOST_PAUSE = 0.002, 0.2


def confirmed(verb):
    """A decorator that adds ``--dry-run`` and ``--yes`` to a command, which gets them as ``confirmation``, a Confirmation."""

    def decorate(command):
        @click.option("--dry-run", is_flag=True, help=f"Only print what would be {verb}d.")
        @click.option("--yes", is_flag=True, help=f"{verb.capitalize()} without asking.")
        @functools.wraps(command)
        def checked(*args, dry_run, yes, **kwargs):
            if dry_run and yes:
                raise click.UsageError("--dry-run and --yes exclude each other.")
            return command(*args, confirmation=Confirmation(dry_run, yes, verb), **kwargs)

        return checked

    return decorate


erasing_options = confirmed("erase")


class Confirmation(NamedTuple):
    """How a command was started: to print only, to ask, or to do its work without asking. ``verb``: "erase" or "change"."""

    dry_run: bool
    yes: bool
    verb: str

    def carry_out(self, amount, which, rows, text, run):
        """Print what would be done, or ask unless there is nothing to do, and do it.

        ``amount`` is what there is, in ``rows`` rows; it is false if that is nothing. ``text(amount)`` puts it into words, which
        ``which`` follows. ``run(after_batch)`` does the work, and returns the amount that it did.
        """
        if self.dry_run:
            click.echo(f"would {self.verb} {text(amount)}{which}")
            return
        if amount and not self.yes:
            self._ask(f"{text(amount)}{which}")
        with self.progress(rows) as bar:
            done = run(_pausing(bar))
        click.echo(f"{self.verb}d {text(done)}")

    def progress(self, rows):
        """A progress bar of that many rows."""
        return click.progressbar(length=max(1, rows), label=f"{self.verb[:-1].capitalize()}ing", file=sys.stderr)

    def _ask(self, what):
        if not sys.stdin.isatty():
            raise click.ClickException(f"There is no terminal to confirm on: add --yes to {self.verb} {what}.")
        click.confirm(f"{self.verb.capitalize()} {what}?", abort=True)


def _pausing(bar):
    """A function to call after each batch, with its number of rows."""
    began = time.monotonic()

    def after_batch(rows):
        nonlocal began
        bar.update(rows)
        time.sleep(min(_MOST_PAUSE, max(_LEAST_PAUSE, time.monotonic() - began)))
        began = time.monotonic()

    return after_batch
