"""Requests side by side: what several of them need is asked for once, and nobody gets what is another's."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial

import pytest

from bemore.rounds import Rounds, Shared


class Asked:
    """A Shared that answers ten times what it is asked for, and keeps what it was asked together and in which thread."""

    def __init__(self, at_once=True):
        self.calls, self._at_once = [], at_once
        self.shared = Shared(lambda item: self.ask([item])[0], lambda items: self.ask(items) if self._at_once else None, self.ask)

    def ask(self, items):
        self.calls.append((list(items), threading.get_ident()))
        return [ValueError(item) if item < 0 else item * 10 for item in items]

    @property
    def together(self):
        return [items for items, _ in self.calls]


@pytest.fixture
def run():
    """Run functions in a round, to their end, whatever of it is done in another thread."""
    done = queue.Queue()
    with ThreadPoolExecutor(1) as pool:
        left = []

        def elsewhere(call, then):
            left.append(then)
            pool.submit(lambda: done.put((then, call())))

        def run(*works):
            Rounds(elsewhere).run(works)
            while left:
                then, result = done.get(timeout=10)
                left.remove(then)
                then(result)

        yield run


def test_those_who_wait_at_the_same_place_are_asked_for_once_and_each_gets_its_own(run):
    asked, found = Asked(), {}
    run(*(partial(lambda item: found.update({item: asked.shared(item)}), item) for item in range(5)))
    assert asked.together == [[0, 1, 2, 3, 4]]
    assert found == {item: item * 10 for item in range(5)}


def test_outside_of_a_round_each_is_asked_for_alone(run):
    asked = Asked()
    assert [asked.shared(1), asked.shared(2)] == [10, 20]
    assert asked.together == [[1], [2]]


def test_who_comes_to_a_second_place_waits_there_with_those_who_came_before(run):
    first, second, found = Asked(), Asked(), []

    def both(item):
        found.append(second.shared(first.shared(item)))

    run(partial(both, 1), lambda: found.append(second.shared(7)), partial(both, 2))
    assert first.together == [[1, 2]]
    assert sorted(item for items in second.together for item in items) == [7, 10, 20]
    assert sorted(found) == [70, 100, 200]


def test_an_error_is_raised_to_whose_it_is(run):
    asked, found = Asked(), []

    def work(item):
        try:
            found.append(asked.shared(item))
        except ValueError as error:
            found.append(error.args[0])

    run(partial(work, 1), partial(work, -2), partial(work, 3))
    assert asked.together == [[1, -2, 3]] and sorted(found) == [-2, 10, 30]


def test_an_error_of_asking_is_raised_to_all(run):
    def refuse(items):
        raise OSError("away")

    shared, found = Shared(None, refuse, refuse), []

    def work():
        with pytest.raises(OSError, match="away"):
            shared(1)
        found.append(True)

    run(work, work)
    assert found == [True, True]


def test_what_takes_long_is_asked_for_in_another_thread_and_goes_on_in_this_one(run):
    asked, threads = Asked(at_once=False), []

    def work(item):
        assert asked.shared(item) == item * 10
        threads.append(threading.get_ident())

    run(partial(work, 1), partial(work, 2))
    ((items, thread),) = asked.calls
    assert items == [1, 2] and thread != threading.get_ident()
    assert threads == [threading.get_ident()] * 2


def test_errors_of_what_is_asked_elsewhere_come_back(run):
    def refuse(items):
        raise OSError("away")

    shared, found = Shared(None, lambda items: None, refuse), []

    def work():
        with pytest.raises(OSError):
            shared(1)
        found.append(True)

    run(work)
    assert found == [True]


def test_each_has_a_context_of_its_own(run):
    """Flask keeps the request it is in, and what a view has left for later, in context variables."""
    variable, asked, found = ContextVar("variable"), Asked(), []

    def work(item):
        variable.set(item)
        asked.shared(item)
        found.append(variable.get() == item)

    run(*(partial(work, item) for item in range(3)))
    assert found == [True] * 3 and variable.get(None) is None
