"""Progress bars on the error stream, so that what is printed stays clean."""

import contextlib

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_console = Console(stderr=True)


class Bar:
    """A progress bar of ``total`` steps; where the error stream is no terminal, lines only."""

    def __init__(self, progress, task):
        self._progress, self._task = progress, task

    def step(self, line=None, count=1):
        """``count`` steps are done; ``line`` says what came of them."""
        if line:
            self._progress.console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._progress.advance(self._task, count)

    def to(self, completed, line=None):
        """So many steps are done in all."""
        self.step(line, 0)
        self._progress.update(self._task, completed=completed)


@contextlib.contextmanager
def bar(what, total):
    """``with bar("what", 10) as steps: … steps.step("said")``."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console) as progress:
        yield Bar(progress, progress.add_task(what, total=total))
