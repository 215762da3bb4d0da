"""``bemore deliver``: events for other systems."""

import signal
import threading

import click

from bemore import clock
from bemore.cli.common import database, load_settings, plural
from bemore.models import outbox
from bemore.setting_parsers import origin_of


@click.command(epilog="Example: WEBHOOK_URLS=https://example.org/webhook bemore deliver --once")
@click.option("--once", is_flag=True, help="Deliver what is due and end; the status is 1 if something was not delivered.")
@click.option("--list", "show", is_flag=True, help="Print the events that are not delivered.")
@click.option("--retry", is_flag=True, help="Make all events due now, also those whose delivery was given up.")
def deliver(once, show, retry):
    """Deliver events to the receivers in WEBHOOK_URLS.

    Stop with Ctrl+C or SIGTERM. Several can run at once. An event that cannot be delivered is tried again for three days.
    """
    if once + show + retry > 1:
        raise click.UsageError("--once, --list and --retry exclude each other.")
    settings = load_settings()
    if not settings.webhook_urls:
        raise click.ClickException("WEBHOOK_URLS is not set: there is nobody to deliver to.")
    with database(settings):
        if show:
            _print(settings)
        elif retry:
            click.echo(f"{plural(outbox.retry_all(clock.now_ms()), 'event')} due now")
        elif once:
            _once(settings)
        else:
            from bemore.lifecycle.deliver import run

            # Blocked in all threads and waited for in this one.
            signals = (signal.SIGTERM, signal.SIGINT)
            signal.pthread_sigmask(signal.SIG_BLOCK, signals)
            run(settings, lambda seconds: signal.sigtimedwait(signals, seconds))


def _once(settings):
    from bemore.lifecycle.deliver import receivers  # its HTTP client takes time that no other command needs

    delivered = failed = 0
    for each in receivers(settings):
        counts = each.deliver_due(threading.Event())
        delivered, failed = delivered + counts[0], failed + counts[1]
    click.echo(f"delivered {plural(delivered, 'event')}" + (f", {failed:,} failed" if failed else ""))
    if failed:
        raise click.exceptions.Exit(1)


def _print(settings):
    for event in outbox.waiting():
        url = settings.webhook_receivers.get(event.receiver)
        state = "given up" if event.next_ms is None else f"next {clock.iso(event.next_ms)}"
        tried = f"{plural(event.attempts, 'attempt')}{f' ({event.last_error})' if event.last_error else ''}"
        receiver = origin_of(url) if url else "a receiver that is no longer configured"
        click.echo(f"{event.event_id}  {event.type}  {event.session_id}  {state}  {tried}  {receiver}")
