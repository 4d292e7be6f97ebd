"""Strata in a long-lived program: after errors, in threads, after forks, over and over."""

import asyncio
import copy
import gc
import itertools
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from oversight_engine import errors
from oversight_engine.evaluators import strata
from oversight_engine.evaluators.strata import Stratum
from tests.evaluators.questions import ask, holding, thresholds


class Engine:
    """The real engine, but for what it is told to get wrong, once."""

    def __init__(self, engine, **wrong):
        self.engine = engine
        self.wrong = wrong

    def __getattr__(self, name):
        return self.wrong.pop(name, None) or getattr(self.engine, name)


def failing_with(error):
    def fail(*_):
        raise error

    return fail


def firing(*rules):
    """An engine's answers, one for each call and then from the first again."""
    answers = itertools.cycle(rules)

    def answer(*_):
        rule = next(answers)
        return rule and f'{{"{rule}":{{"m":{{}}}}}}'

    return answer


class TestDoubt:
    def tamper(self, stratum, **wrong):
        stratum._engine = stratum._session._engine = Engine(stratum._engine, **wrong)

    @pytest.mark.parametrize("before", [0, 1, strata.CASES_PER_SESSION - 1])
    @pytest.mark.parametrize(
        "wrong",
        [
            {"assert_fact": lambda *asked: (2, strata._package().assert_fact(*asked)[1])},
            {"start_action_for_state": lambda *_: None},
            {"complete_and_start_action": firing("ZZ", "zz", None)},
            {"complete_and_start_action": firing(None)},
            {"complete_and_start_action": firing("AB", "AB", "zz", None)},
            {"complete_and_start_action": firing("AB")},
            {"complete_and_start_action": firing("zz")},
        ],
        ids=["refuses", "is silent", "invents", "stops", "repeats", "never ends", "ends for ever"],
    )
    def test_an_incomplete_answer_is_an_error_and_its_session_is_never_used_again(
        self, stratum, wrong, before
    ):
        assert all(ask(stratum, 20) for _ in range(before))
        session = stratum._session
        self.tamper(stratum, **wrong)
        with pytest.raises(errors.EvaluatorError, match="stratum thresholds: the answer is not"):
            ask(stratum, 20)
        assert all(ask(stratum, value) for value in range(30))
        assert stratum._session is not session

    def test_a_session_in_doubt_is_left_alone(self, stratum):
        assert ask(stratum, 20)
        deleted = []
        self.tamper(stratum, delete_state=deleted.append, complete_and_start_action=firing(None))
        with pytest.raises(errors.EvaluatorError):
            ask(stratum, 20)
        gc.collect()
        assert deleted == [], "the engine might free what was never there"

    @pytest.mark.parametrize("call", ["assert_fact", "complete_and_start_action"])
    def test_an_error_of_the_engine_is_ours_to_tell(self, stratum, call):
        error = strata._package().error("Could not assert fact, error code: 303")
        self.tamper(stratum, **{call: failing_with(error)})
        with pytest.raises(errors.EvaluatorError, match=r"stratum thresholds: .* code: 303"):
            ask(stratum, 20)
        assert all(ask(stratum, value) for value in range(30))

    def test_what_the_engine_cannot_compile_is_ours_to_tell(self, monkeypatch):
        monkeypatch.setattr(strata, "_ALWAYS", "[")
        with pytest.raises(errors.EvaluatorError, match="stratum odd: Could not create ruleset"):
            Stratum("odd", thresholds(1))

    @pytest.mark.parametrize("call", ["assert_fact", "complete_and_start_action"])
    @pytest.mark.parametrize("before", [0, 5])
    def test_an_interrupted_question_does_no_harm(self, stratum, call, before):
        assert all(ask(stratum, 20) for _ in range(before))
        self.tamper(stratum, **{call: failing_with(KeyboardInterrupt())})
        with pytest.raises(KeyboardInterrupt):
            ask(stratum, 20)
        assert all(ask(stratum, value) for value in range(30))

    def test_a_closed_stratum_says_so(self):
        with Stratum("brief", thresholds(1)) as stratum:
            assert ask(stratum, 1)
        stratum.close()
        with pytest.raises(errors.EvaluatorError, match="stratum brief: it is closed"):
            stratum.fire({})

    def test_a_copy_has_a_session_of_its_own(self, stratum):
        twins = [copy.copy(stratum), pickle.loads(pickle.dumps(stratum))]  # noqa: S301 - our own
        for twin in twins:
            assert twin.clauses == stratum.clauses
            assert twin._session._handle != stratum._session._handle
        stratum.close()
        assert all(ask(twin, 20) for twin in twins)


def peak():
    """The most memory that this process has had, in MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def grown(act):
    """How much that grows while acting."""
    before = peak()
    act()
    return peak() - before


class TestMemory:
    def test_it_stays_flat_over_a_hundred_thousand_facts(self):
        with Stratum("small", thresholds(6, fields=3)) as stratum:
            facts = [dict.fromkeys(stratum.fields, value) for value in range(7)]

            def fire():
                for fact in facts * (100_000 // len(facts)):
                    stratum.fire(fact)

            for fact in facts:
                stratum.fire(fact)
            assert grown(fire) < 4
            assert stratum.firings > 200_000

    @pytest.mark.parametrize("cases", [0, 1, strata.CASES_PER_SESSION])
    def test_strata_given_up_give_their_memory_back(self, cases):
        def open_and_drop(count):
            for turn in range(count):
                stratum = Stratum("brief", thresholds(30))
                assert all(ask(stratum, value) for value in range(cases))
                if turn % 2:
                    stratum.close()

        open_and_drop(10)
        assert grown(lambda: open_and_drop(200)) < 20, "they take half a megabyte each"


@pytest.fixture
def hurried():
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.fixture
def untraced():
    """New threads that nobody traces: a child forked while a tracer holds its lock never gets it.

    coverage.py takes such a lock (`Collector.lock_data`) and does not renew it after a fork.
    """
    usual = threading.gettrace()
    threading.settrace(None)
    yield
    threading.settrace(usual)


class TestConcurrency:
    @pytest.mark.usefixtures("hurried")
    def test_threads_share_a_stratum_without_mixing_cases(self, stratum):
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(ask, [stratum] * 4000, [*range(40)] * 100))
        assert stratum.firings == 100 * sum(value + 1 for value in range(40))

    @pytest.mark.usefixtures("hurried")
    def test_threads_wait_for_one_session_rather_than_open_their_own(self, stratum, monkeypatch):
        monkeypatch.setattr(stratum, "_opened", lambda: pytest.fail("another session was opened"))
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(ask, [stratum] * 1000, [20] * 1000))

    def test_asyncio_may_hand_it_to_threads(self, stratum):
        async def gathered():
            return await asyncio.gather(
                *(asyncio.to_thread(ask, stratum, n % 40) for n in range(400))
            )

        assert all(asyncio.run(gathered()))

    @pytest.mark.usefixtures("hurried", "untraced")
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_a_child_forked_while_threads_decide_decides_too(self, stratum):
        stop = threading.Event()

        def decide():
            while not stop.is_set():
                assert ask(stratum, 20)

        threads = [threading.Thread(target=decide) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                assert self.forked(lambda: self.asked_by_two_threads(stratum)) == 0
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert ask(stratum, 20)

    def asked_by_two_threads(self, stratum):
        with ThreadPoolExecutor(2) as pool:
            return all(pool.map(ask, [stratum] * 40, range(40)))

    def forked(self, succeeds):
        """How a child ends that only does this: 0 if it succeeds, -14 if it hangs."""
        with warnings.catch_warnings():
            # Python 3.12 warns of exactly what is tried here.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            status = 2
            try:
                signal.alarm(10)
                status = 0 if succeeds() else 1
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    @pytest.mark.parametrize("method", ["fork", "spawn"])
    def test_a_pool_of_processes_decides(self, stratum, method):
        if method not in multiprocessing.get_all_start_methods():
            pytest.skip(f"no {method} here")
        assert ask(stratum, 20)
        cases = [dict.fromkeys(stratum.fields, value) for value in range(40)]
        with multiprocessing.get_context(method).Pool(2) as pool:
            answers = pool.map(stratum.fire, cases)
        assert answers == [holding(stratum.clauses, fields) for fields in cases]
        assert ask(stratum, 20)

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
    def test_a_signal_handler_may_decide_in_the_middle_of_a_decision(self, stratum):
        inner = []
        usual = signal.signal(signal.SIGALRM, lambda *_: inner.append(ask(stratum, 7)))
        outer = []
        try:
            for n in range(2000):
                # Once each time, so that handlers never pile up however slow the machine is.
                signal.setitimer(signal.ITIMER_REAL, 0.00001)
                outer.append(ask(stratum, n % 40))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, usual)
        assert all(outer)
        assert len(inner) > 10
        assert all(inner)

    def test_a_decision_within_a_decision_disturbs_neither(self, stratum):
        complete = stratum._engine.complete_and_start_action
        within = []

        def interrupted(*arguments):
            within.append(ask(stratum, 7))
            return complete(*arguments)

        stratum._session._engine = Engine(stratum._engine, complete_and_start_action=interrupted)
        assert ask(stratum, 20)
        assert within
        assert all(within)
