"""Requests handled side by side in one thread, so that what several of them need from elsewhere is asked for once.

Each runs in a greenlet until it comes to a Shared call, where it waits. When all of a round have come to one, or to their end, one
call serves all who wait there, and they go on. It takes the place of threads where requests are short: those give the interpreter
lock to and fro at every statement, and get it back late. In any other thread a Shared call serves the one who makes it.
"""

from functools import partial

from greenlet import getcurrent, greenlet


class Shared:
    """A function of one argument that a round calls once for all who wait.

    ``alone(item)`` is what it does outside of a round. ``at_once(items)`` answers a value for each; one that is an exception is
    raised to whoever it is for. It answers None instead if that would take long: ``patiently(items)`` is then called in
    another thread, which answers in the same way.
    """

    def __init__(self, alone, at_once, patiently):
        self._alone, self.at_once, self.patiently = alone, at_once, patiently

    def __call__(self, item):
        here = getcurrent()
        if isinstance(here, _Member):
            return here.parent.switch((self, item))
        return self._alone(item)


class _Member(greenlet):
    """One of those in a round; its parent is the greenlet that serves them."""


class Rounds:
    """Runs rounds in the thread that makes it. ``elsewhere(call, then)`` has another thread run ``call()`` and this one ``then(result)``.

    ``call`` raises nothing.
    """

    def __init__(self, elsewhere):
        self._elsewhere = elsewhere

    def run(self, works):
        """Run functions without arguments, which raise nothing; to their end, but for those that have to wait for long."""
        self._serve([(_Member(work), ()) for work in works])

    def _serve(self, members):
        """Let (member, what it is given) go on until none of them can."""
        waiting = {}
        while True:
            for member, given in members:
                told = member.throw(*given) if given and isinstance(given[0], Exception) else member.switch(*given)
                if not member.dead:
                    shared, item = told
                    waiting.setdefault(shared, []).append((member, item))
            if not waiting:
                return
            shared = next(iter(waiting))
            those, items = zip(*waiting.pop(shared))
            values = _outcome(shared.at_once, items)
            if values is None:
                self._elsewhere(partial(_outcome, shared.patiently, items), partial(self._go_on, those))
                members = ()
            else:
                members = list(_given(those, values))

    def _go_on(self, members, values):
        self._serve(list(_given(members, values)))


def _given(members, values):
    return ((member, (value,)) for member, value in zip(members, values, strict=True))


def _outcome(ask, items):
    try:
        return ask(items)
    except Exception as error:
        return [error] * len(items)
