"""``python -m bench``: see the package."""

import sys

import click

from bench.load import LoadFailed
from bench.payloads import workloads as known_workloads
from bench.stage import REPOSITORY, SUBJECTS, ServerFailed

_GOAL_WORKLOADS = ("batch1", "batch100", "frames100")
_EXTRAS = ("whole100", "again100")
_OURS = tuple(name for name, each in SUBJECTS.items() if each.program == "bemore")


def _listed(*known):
    """A callback: names separated by commas, each of them ``known``."""

    def parse(context, parameter, text):
        names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
        wrong = [name for name in names if name not in known]
        if wrong:
            raise click.BadParameter(f"{', '.join(wrong)}; known: {', '.join(known)}")
        return names

    return parse


def _sizes(context, parameter, text):
    try:
        sizes = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise click.BadParameter("numbers, separated by commas") from None
    if sizes[0] < 0 or sizes[-1] > 10**8:
        raise click.BadParameter("from 0 to 100,000,000")
    return sizes


_RESULTS = str(REPOSITORY / "bench" / "results")

_out = click.option("--out", type=click.Path(file_okay=False), default=_RESULTS, help="Where results go (default: bench/results).")
_directory = click.option(
    "--directory", type=click.Path(file_okay=False, exists=True), help="Where databases lie while it runs (default: temporary files)."
)


def _option(name, default, kind, help_text):
    return click.option(name, default=default, show_default=True, type=kind, help=help_text)


def _results(out, name):
    from bench.report import Results

    return Results(out, name)


@click.group(invoke_without_command=True)
@click.option("--short", is_flag=True, help="One round of a second each: under a minute, for a first look.")
@_option("--rounds", 5, click.IntRange(1, 50), "How often everything is done.")
@_option("--seconds", 5, click.IntRange(1, 60), "Load of one trial.")
@_option("--warm", 2, click.IntRange(0, 60), "Load before it that is not counted, in seconds.")
@click.option("--extras", is_flag=True, help="Whole items as the browser sends them, and batches sent again, too.")
@click.option("--subjects", callback=_listed(*SUBJECTS), help=f"Some of {','.join(SUBJECTS)}.")
@click.option("--workloads", callback=_listed(*_GOAL_WORKLOADS, *_EXTRAS), help=f"Some of {','.join(_GOAL_WORKLOADS + _EXTRAS)}.")
@click.option("--threads", type=click.IntRange(1, 16), help="Threads of a worker, of the service's and of its floor's.")
@_directory
@_out
@click.pass_context
def main(context, short, rounds, seconds, warm, extras, subjects, workloads, threads, directory, out):
    """Compare the service with a bare view, a floor and FastAPI, under the same load. The other commands measure it alone."""
    if context.invoked_subcommand:
        return
    from bench.compare import Plan, run

    rounds, seconds, warm = (1, 1, 0) if short else (rounds, seconds, warm)
    known = known_workloads()
    chosen = tuple(known[name] for name in workloads or _GOAL_WORKLOADS + (_EXTRAS if extras else ()))
    plan = Plan(subjects or tuple(SUBJECTS), chosen, rounds, seconds, warm)
    click.echo(run(_results(out, "comparison"), plan, directory, threads))


@main.command()
@click.option("--sizes", default="0,100000,1000000,10000000", show_default=True, callback=_sizes, help="Stored frames.")
@_option("--rounds", 200, click.IntRange(1, 2_000), "How often each endpoint is asked.")
@click.option("--databases", default="sqlite", show_default=True, callback=_listed("sqlite", "postgres"), help="Of sqlite,postgres.")
@_directory
@_out
def growth(sizes, rounds, databases, directory, out):
    """Each endpoint's median against an empty database, as frames and scores pile up."""
    from bench.growth import run

    click.echo(run(_results(out, "growth"), databases, sizes, rounds, directory))


@main.command()
@_option("--requests", 1_000_000, click.IntRange(1_000, 10_000_000), "For each kind of quotas.")
@click.option("--quotas", default="process,redis", show_default=True, callback=_listed("process", "redis"), help="Where they are counted.")
@_option("--sessions", 5_000, click.IntRange(1, 100_000), "Each is of a client of its own.")
@_directory
@_out
def memory(requests, quotas, sessions, directory, out):
    """A worker's resident memory after ten thousand requests and after a million (20,000 take half a minute)."""
    from bench.memory import run

    click.echo(run(_results(out, "memory"), quotas, requests, sessions, directory))


@main.command()
@click.option("--subjects", default=",".join(_OURS), show_default=True, callback=_listed(*_OURS), help="The service's variants.")
@_option("--seconds", 15, click.IntRange(2, 120), "Load of one step.")
@_option("--most", 20_000, click.IntRange(1, 50_000), "No more sessions than these.")
@_directory
@_out
def mix(subjects, seconds, most, directory, out):
    """How many active sessions the machine carries, and what a minute of one takes on the disk."""
    from bench.mix import run

    click.echo(run(_results(out, "mix"), subjects, seconds, most, directory))


@main.command()
@click.option("--subjects", default="bemore-1,bemore-2", show_default=True, callback=_listed(*_OURS), help="The service's variants.")
@_option("--rounds", 3, click.IntRange(1, 50), "How often everything is done.")
@_option("--seconds", 5, click.IntRange(1, 60), "Load of one trial.")
@_directory
@_out
def connections(subjects, rounds, seconds, directory, out):
    """What many kept connections cost, busy ones and silent ones."""
    from bench.connections import run

    click.echo(run(_results(out, "connections"), subjects, rounds, seconds, directory))


@main.command()
@_option("--times", 9, click.IntRange(1, 100), "How often each start is measured.")
@_out
def cold(times, out):
    """Import and first answer of a cold process."""
    from bench.cold import run

    click.echo(run(_results(out, "cold"), times))


if __name__ == "__main__":
    try:
        main(prog_name="python -m bench")
    except (LoadFailed, ServerFailed) as error:
        sys.exit(f"Error: {error}")
