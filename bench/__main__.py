"""``python -m bench``: see the package."""

import sys

import click

from bench.load import LoadFailed
from bench.payloads import WORKLOADS
from bench.stage import REPOSITORY, SUBJECTS, ServerFailed

_MIX = tuple(name for name, each in SUBJECTS.items() if each.program != "floor")
_USUAL = tuple(name for name in _MIX if not SUBJECTS[name].settings)


def _list_of(*known):
    """A callback for names separated by commas, each of them one of ``known``."""

    def parse(context, parameter, text):
        names = tuple(part.strip() for part in text.split(",") if part.strip())
        wrong = [name for name in names if name not in known]
        if wrong or not names:
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


_out = click.option(
    "--out", type=click.Path(file_okay=False), default=str(REPOSITORY / "bench" / "results"), help="Directory for results (bench/results)."
)
_directory = click.option(
    "--directory", type=click.Path(file_okay=False, exists=True), help="Directory for databases while it runs (default: temporary files)."
)


def _option(name, default, kind, help_text):
    return click.option(name, default=default, show_default=True, type=kind, help=help_text)


def _names(name, default, known, help_text):
    text = f"{help_text}: some of {', '.join(known)}."
    return click.option(name, default=",".join(default), show_default=True, callback=_list_of(*known), help=text)


def _results(out, name):
    from bench.report import Results

    return Results(out, name)


@click.group()
def main():
    """Measure BeMore. Begin with the mix."""


@main.command()
@_names("--subjects", _USUAL, _MIX, "What to measure")
@click.option("--sessions", type=click.IntRange(1, 50_000), help="Drive so many sessions; without it, search how many are carried.")
@_option("--seconds", 15, click.IntRange(1, 600), "Load of one step.")
@_option("--warm", 5, click.IntRange(0, 60), "With --sessions: load before it that does not count, in seconds.")
@_option("--rounds", 1, click.IntRange(1, 50), "How often to do everything; every second round goes backwards.")
@_option("--most", 20_000, click.IntRange(1, 50_000), "Without --sessions: no more sessions than these.")
@click.option(
    "--against", type=click.Path(file_okay=False, exists=True), help="Another checkout of BeMore, measured in turn with this one."
)
@click.option("--against-python", type=click.Path(dir_okay=False, exists=True), help="The Python that runs it (default: this one).")
@_directory
@_out
def mix(subjects, sessions, seconds, warm, rounds, most, against, against_python, directory, out):
    """CPU time per request and latency under the real workload, or how many active sessions the machine carries."""
    from bench import mix

    chosen = []
    for each in map(SUBJECTS.get, subjects):
        chosen.append(each)
        if against and each.program == "bemore":
            chosen.append(each.of(against, against_python))
    results = _results(out, "mix" if sessions is None else "mix-fixed")
    if sessions is None:
        click.echo(mix.search(results, chosen, seconds, most, rounds, directory))
    else:
        click.echo(mix.fixed(results, chosen, sessions, seconds, warm, rounds, directory))


@main.command()
@_names("--subjects", SUBJECTS, tuple(SUBJECTS), "What to measure")
@_names("--workloads", WORKLOADS, WORKLOADS, "What to send")
@_option("--rounds", 5, click.IntRange(1, 50), "How often to do everything; every second round goes backwards.")
@_option("--seconds", 5, click.IntRange(1, 60), "Load of one trial.")
@_option("--warm", 2, click.IntRange(0, 60), "Load before it that does not count, in seconds.")
@_directory
@_out
def compare(subjects, workloads, rounds, seconds, warm, directory, out):
    """Single endpoints as fast as they answer, beside fastapi-full and the floor."""
    from bench.compare import Plan, run

    click.echo(run(_results(out, "comparison"), Plan(subjects, workloads, rounds, seconds, warm), directory))


@main.command()
@click.option("--sizes", default="0,100000,1000000,10000000", show_default=True, callback=_sizes, help="Stored frames.")
@_option("--rounds", 200, click.IntRange(1, 2_000), "How often to request each endpoint.")
@_names("--databases", ("sqlite",), ("sqlite", "postgres", "postgres-whole"), "Which databases")
@_option("--sessions", 1_000_000, click.IntRange(0, 10_000_000), "Among how many sessions to search; 0 for no search.")
@_directory
@_out
def growth(sizes, rounds, databases, sessions, directory, out):
    """Each endpoint's median against an empty database, as frames and scores pile up; the search among many sessions."""
    from bench.growth import run

    click.echo(run(_results(out, "growth"), databases, sizes, rounds, sessions, directory))


@main.command()
@_option("--requests", 1_000_000, click.IntRange(1_000, 10_000_000), "For each kind of quotas.")
@_names("--quotas", ("process", "redis"), ("process", "redis"), "Where they are counted")
@_option("--sessions", 5_000, click.IntRange(1, 100_000), "Each belongs to a client of its own.")
@_directory
@_out
def memory(requests, quotas, sessions, directory, out):
    """A worker's resident memory after ten thousand requests and after a million (20,000 take half a minute)."""
    from bench.memory import run

    click.echo(run(_results(out, "memory"), quotas, requests, sessions, directory))


@main.command()
@_names("--subjects", ("bemore-1", "bemore-pg"), ("bemore-1", "bemore-pg"), "What to measure")
@_option("--sessions", 3_000, click.IntRange(100, 50_000), "About as many as the machine carries (see mix).")
@_option("--seconds", 10, click.IntRange(2, 600), "Load of one step.")
@_option("--rounds", 3, click.IntRange(1, 50), "How often to measure.")
@_directory
@_out
def capacity(subjects, sessions, seconds, rounds, directory, out):
    """Fit a queueing model to two loads, predict p99 at two others, and measure them."""
    from bench.capacity import run

    click.echo(run(_results(out, "capacity"), tuple(map(SUBJECTS.get, subjects)), sessions, seconds, rounds, directory))


@main.command()
@_option("--sessions", 100_000, click.IntRange(1, 10_000_000), "Concurrent sessions.")
@click.option("--machines", default="7,8,10,12", show_default=True, callback=_sizes, help="Numbers of machines to try.")
@_option("--processes", 4, click.IntRange(1, 256), "Processes, each with a core, per machine.")
@_option("--cpu-ms", 2.0, click.FloatRange(0.01), "CPU time of the service per request (see mix).")
@_option("--postgres-ms", 1.0, click.FloatRange(0.01), "CPU time of PostgreSQL per request (see mix).")
@_option("--shards", 1, click.IntRange(1, 1_000), "PostgreSQL servers, each with its part of the sessions.")
@_option("--cores", 32, click.IntRange(1, 256), "Cores of each.")
@_option("--commit-ms", 1.5, click.FloatRange(0), "Commit, network and proxy.")
@_option("--seconds", 20, click.IntRange(1, 600), "Simulated time.")
@_out
def fleet(seconds, out, **assumed):
    """Latency of many sessions over many machines, simulated. Starts no service."""
    from bench.capacity import Fleet, simulate

    click.echo(simulate(_results(out, "fleet"), Fleet(**assumed), seconds))


@main.command()
@_names("--subjects", ("bemore-1", "bemore-pg"), ("bemore-1", "bemore-pg"), "What to measure")
@_option("--seconds", 15, click.IntRange(1, 20), "Load of one trial.")
@_directory
@_out
def abuse(subjects, seconds, directory, out):
    """A well-behaved client's latency, and the service's memory, beside one that is as costly as its quota allows."""
    from bench.abuse import KINDS, run

    click.echo(run(_results(out, "abuse"), subjects, KINDS, seconds, directory))


@main.command()
@_option("--times", 9, click.IntRange(1, 100), "How often to measure each start.")
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
