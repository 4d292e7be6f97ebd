"""How durable-rules is asked, safely: a stratum of plain comparisons, one fact at a time.

The one module that imports the package, and it does so only when a stratum is made. Used as its
documentation shows, durable-rules loses conclusions, mixes up cases and crashes. Within the
narrow use made of it here none of that was seen, and each line of it takes such a fault away:

* Whole numbers of 64 bits only. What is unknown is left out, and no comparison with it holds.
* One fact for each case and stratum; each rule is one conjunction of comparisons of a field with
  a constant. Falsity is a clause of its own, "or" is several clauses, counting is for the caller.
* We fetch what fired ourselves, from the C module: none of the package's threads, clocks,
  callbacks and swallowed exceptions take part.
* Fields, rules and cases go by short names of our own, so that nothing from a rulebook or a case
  can collide in the engine's 32-bit hashes or spoil its JSON.
* A rule of lowest priority must fire exactly once for each fact, and last: it shows that the fact
  was read and everything fetched. Only then is the session used again; one in doubt is dropped.

A question costs about 3.5 us, 0.15 us for each field and 0.45 us for each clause that fires (a
fifth more where the package was built without `-O2`), so a stratum is best nearly full: 150
thresholds over 45 fields, half of them fired, take 60 us in 3 strata, 65 us in 5, 110 us in 15.
"""

from __future__ import annotations

import functools
import math
import os
import struct
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, Self

from oversight_engine.errors import (
    EvaluatorError,
    EvaluatorLimitError,
    EvaluatorUnavailableError,
)

VERSION = "2.0.28"
"""The version of durable-rules that was studied, and the only one that is used."""

MOST_CLAUSES = 60
"""In one stratum: the engine's stack holds 64, at worst one for each clause that matches."""

MOST_FIELDS = 240
"""In one stratum: the engine gives up at 255, counting its own."""

LEAST, MOST = -(2**63), 2**63 - 1
"""The range of constants and values; the engine would make anything beyond into these, silently."""

CASES_PER_SESSION = 13
"""A session is emptied after so many cases: they are what it holds without growing."""

_CODES = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "==": "$eq", "!=": "$neq"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_FIELDS = [*_LETTERS, *_PAIRS][:MOST_FIELDS]  # capitals: the engine's own are `id`, `sid` and `$s`
_RULES = _PAIRS[:MOST_CLAUSES]  # of one length, so that a message can be cut at fixed places
_LAST_RULE = "zz"
_ALWAYS = '"k":1'  # in every fact, for the last rule
_STARTS = [f'{{"id":{number}' for number in range(CASES_PER_SESSION)]
_END = f",{_ALWAYS}}}"
_rule_of = itemgetter(slice(2, 4))  # a message reads '{"AB":{"m":…the whole fact…}}'
_INTEGERS = {int}

# One question takes several calls of the engine. One lock for all strata loses nothing that the
# interpreter's own lock would not take, and a fork can wait for it: a child then begins with no
# question half asked. A signal handler that decides may enter again; it gets its own session.
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )

Comparison = tuple[str, str, int]
"""A field, one of ``< <= > >= == !=``, and a constant."""


class Clause(NamedTuple):
    """A conclusion that holds when all its comparisons do; several may share one conclusion."""

    conclusion: str
    conditions: tuple[Comparison, ...]

    @property
    def fields(self) -> frozenset[str]:
        """The fields it compares."""
        return frozenset(field for field, _, _ in self.conditions)


class Stratum:
    """Clauses over the same fact, compiled for durable-rules and ready to be fired.

    >>> late = Clause("late", (("days", ">", 14), ("excused", "==", 0)))
    >>> with Stratum("returns", [late]) as stratum:
    ...     stratum.fire({"days": 15, "excused": 0}), stratum.fire({"days": 15})
    (frozenset({'late'}), frozenset())

    Any thread may use it, and a child after a fork; to another process it travels as its clauses.

    Attributes:
        name: what messages call it.
        clauses: what it holds.
        fields: the fields its clauses compare, sorted; it looks at no others.
        firings: how many clauses have fired so far, for statistics.
    """

    def __init__(self, name: str, clauses: Iterable[Clause]) -> None:
        """Compile *clauses*.

        Raises:
            EvaluatorLimitError: they are more, or other, than a stratum can hold.
            EvaluatorUnavailableError: durable-rules cannot be imported.
        """
        self.name = name
        self.clauses = tuple(clauses)
        _check_limits(name, self.clauses)
        self.fields = tuple(sorted(frozenset().union(*(clause.fields for clause in self.clauses))))
        self.firings = 0
        self._conclusion_of = {
            rule: clause.conclusion for rule, clause in zip(_RULES, self.clauses, strict=False)
        }
        self._parts = [f',"{short}":%d' for short in _FIELDS[: len(self.fields)]]
        self._whole = "".join(self._parts) + _END
        self._engine = _package()
        self._closed = False
        self._session: _Session | None = self._opened()

    def fire(self, fields: Mapping[str, int | None]) -> frozenset[str]:
        """Return the conclusions that hold of *fields*, where absent and None mean unknown."""
        fact = self._written(fields)
        with _lock:
            # Taken out while it is used: it comes back only after a complete answer.
            session, self._session = self._session or self._opened(), None
            try:
                fired = session.ask(fact, most=len(self.clauses) + 1)
            except self._engine.error as error:
                raise EvaluatorError(f"durable-rules, stratum {self.name}: {error}") from error
            conclusions = self._answer(fired)
            session.settle()
            self._session = session
            self.firings += len(fired) - 1
        return conclusions

    def close(self) -> None:
        """Give the engine's memory back; a closed stratum fires no more."""
        with _lock:
            self._closed = True
            self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Stratum], tuple[str, tuple[Clause, ...]]]:
        # A session is a number that means something in this process only.
        return Stratum, (self.name, self.clauses)

    def _opened(self) -> _Session:
        if self._closed:
            raise EvaluatorError(f"durable-rules, stratum {self.name}: it is closed")
        try:
            handle = self._engine.create_ruleset("stratum", _rules(self.clauses, self.fields))
        except self._engine.error as error:
            raise EvaluatorError(f"durable-rules, stratum {self.name}: {error}") from error
        return _Session(self._engine, handle)

    def _written(self, fields: Mapping[str, int | None]) -> str:
        """Return the known ones of *fields* as the engine's JSON, from its second member on."""
        values: Sequence[Any] = tuple(map(fields.get, self.fields))
        text = self._whole
        if None in values:
            known = [index for index, value in enumerate(values) if value is not None]
            text = "".join([self._parts[index] for index in known]) + _END
            values = tuple([values[index] for index in known])
        try:
            struct.pack(f"{len(values)}q", *values)  # the quickest test for 64 bits
        except struct.error as error:
            raise self._refused(fields) from error
        if not _INTEGERS.issuperset(map(type, values)):
            raise self._refused(fields)
        return text % values

    def _refused(self, fields: Mapping[str, Any]) -> EvaluatorError:
        stated = {field: fields.get(field) for field in self.fields}
        wrong = [
            f"{field} is {value!r}"
            for field, value in stated.items()
            if value is not None and not _fits(value)
        ]
        return EvaluatorError(
            f"durable-rules, stratum {self.name}: not a whole number of 64 bits: {', '.join(wrong)}"
        )

    def _answer(self, fired: list[str]) -> frozenset[str]:
        """Return what the rules that *fired* conclude, if they are a complete answer."""
        rules = fired[:-1]
        distinct = set(rules)
        if (
            fired[-1:] != [_LAST_RULE]
            or len(distinct) < len(rules)
            or not distinct <= self._conclusion_of.keys()
        ):
            raise EvaluatorError(
                f"durable-rules, stratum {self.name}: the answer is not complete: {fired}"
            )
        return frozenset(map(self._conclusion_of.__getitem__, rules))


class _Session:
    """A ruleset in the engine, with at most one of the engine's sessions in it."""

    __slots__ = ("_cases", "_engine", "_handle", "_settled")

    def __init__(self, engine: Any, handle: int) -> None:
        self._engine = engine
        self._handle = handle
        self._cases = 0
        self._settled = False  # Only then can the engine free its session without harm.

    def ask(self, fact: str, *, most: int) -> list[str]:
        """Return the rules that fire for *fact* in their order, but few more than *most*."""
        engine, handle = self._engine, self._handle
        self._settled = False
        refused, state = engine.assert_fact(handle, _STARTS[self._cases] + fact)
        begun = None if refused else engine.start_action_for_state(handle, state)
        if begun is None:
            return []
        rest = iter(functools.partial(engine.complete_and_start_action, handle, state), None)
        return [_rule_of(begun[1]), *map(_rule_of, islice(rest, most))]

    def settle(self) -> None:
        """Make ready for the next fact, after a complete answer."""
        self._cases += 1
        if self._cases == CASES_PER_SESSION:
            self._engine.delete_state(self._handle, None)
            self._cases = 0
        self._settled = self._cases > 0

    def __del__(self) -> None:
        if self._settled:
            self._engine.delete_state(self._handle, None)
        self._engine.delete_ruleset(self._handle)


def split(name: str, clauses: Iterable[Clause]) -> tuple[tuple[Clause, ...], ...]:
    """Return *clauses* in few strata of even size, those about the same fields together.

    The order in which they come does not matter.

    Raises:
        EvaluatorLimitError: one of them is more, or other, than a stratum can hold.
    """
    ordered = sorted(clauses, key=lambda clause: (sorted(clause.fields), clause))
    if not ordered:
        return ()
    size = math.ceil(len(ordered) / math.ceil(len(ordered) / MOST_CLAUSES))
    strata: list[list[Clause]] = []
    fields: frozenset[str] = frozenset()
    for clause in ordered:
        _check_limits(name, (clause,))
        fields |= clause.fields
        if not strata or len(strata[-1]) == size or len(fields) > MOST_FIELDS:
            strata.append([])
            fields = clause.fields
        strata[-1].append(clause)
    return tuple(map(tuple, strata))


def self_test() -> None:
    """Ask durable-rules what is known, so that a build that misbehaves decides nothing.

    Raises:
        EvaluatorError: an answer was wrong.
        EvaluatorUnavailableError: the package cannot be imported.
    """
    constants = {
        "least": LEAST + 1, "less": -(2**53) - 1, "zero": 0, "more": 2**53 + 1, "most": MOST - 1,
    }  # fmt: skip
    clauses = [
        Clause(f"{field} {operator}", ((field, operator, constant),))
        for field, constant in constants.items()
        for operator in _CODES
    ]
    clauses.append(Clause("not zero", (("zero", "<", 0), ("most", "!=", 0))))
    clauses.append(Clause("not zero", (("zero", ">", 0),)))
    questions: list[tuple[dict[str, int | None], set[str]]] = [({}, set())]
    for step, holding in (-1, "< <= !="), (0, "<= >= =="), (1, "> >= !="):
        for fields in [constants.keys(), {"less"}, {"zero", "most"}]:
            values = {f: c + step if f in fields else None for f, c in constants.items()}
            known = {f"{field} {operator}" for field in fields for operator in holding.split()}
            if step and "zero" in fields:
                known.add("not zero")
            questions.append((values, known))
    with Stratum("self-test", clauses) as stratum:
        for values, known in questions * 3:  # more than a session's worth of cases
            if (answer := stratum.fire(values)) != known:
                raise EvaluatorError(
                    _mended(
                        "durable-rules as built here cannot be relied on: of "
                        f"{values} it concludes {sorted(answer)} instead of {sorted(known)}"
                    )
                )


def installed_version() -> str | None:
    """Return which version of durable-rules is installed, if any; 20 ms, so for `doctor` only."""
    from importlib import metadata

    try:
        return metadata.version("durable_rules")
    except metadata.PackageNotFoundError:
        return None


def import_problem() -> str | None:
    """Return why durable-rules cannot be used here and what would mend it, or None."""
    try:
        _package()
    except EvaluatorUnavailableError as error:
        return str(error)
    version = installed_version()
    if version != VERSION:
        return _mended(f"durable-rules {version} is installed, but only {VERSION} can be relied on")
    return None


@functools.cache
def _package() -> Any:
    """Return the C module of durable-rules; the one place where it is imported."""
    try:
        import durable_rules_engine
    except ImportError as error:
        raise EvaluatorUnavailableError(
            _mended(f"durable-rules cannot be imported ({error})")
        ) from error
    # Emptying a session frees up to a megabyte, which glibc may hand back to the kernel and fetch
    # again page by page, 10 us a case. Having seen one large block freed, it keeps such memory.
    block = bytearray(2**21)
    del block
    return durable_rules_engine


def _mended(problem: str) -> str:
    import shlex  # 2 ms, and only a message needs it

    # From Python 3.13 on the package builds without complaint and then lacks a name it needs.
    flags = "-O2 -DPyEval_CallObject=PyObject_CallObject" if sys.version_info >= (3, 13) else "-O2"
    return (
        f'{problem}; this builds it, given a C compiler: CPPFLAGS="{flags}" '
        f"{shlex.quote(sys.executable)} -m pip install --force-reinstall --no-cache-dir "
        f"--no-binary durable_rules durable_rules=={VERSION}"
    )


def _check_limits(name: str, clauses: Sequence[Clause]) -> None:
    """Raise if the engine could not hold *clauses* in one stratum."""
    problems = []
    if not 0 < len(clauses) <= MOST_CLAUSES:
        problems.append(f"{len(clauses)} clauses, but 1 to {MOST_CLAUSES} are possible")
    fields = frozenset().union(*(clause.fields for clause in clauses))
    if len(fields) > MOST_FIELDS:
        problems.append(f"{len(fields)} fields, but at most {MOST_FIELDS} are possible")
    for conclusion, conditions in clauses:
        if not conditions:
            problems.append(f"{conclusion} has no conditions")
        for field, operator, constant in conditions:
            if operator not in _CODES:
                problems.append(f"{conclusion} compares {field} by {operator!r}")
            if not _fits(constant):
                problems.append(
                    f"{conclusion} compares {field} with {constant!r}, "
                    "which is not a whole number of 64 bits"
                )
    if problems:
        raise EvaluatorLimitError(
            f"durable-rules cannot hold the stratum {name}: {'; '.join(problems)}",
            problems=problems,
        )


def _fits(value: object) -> bool:
    return type(value) is int and LEAST <= value <= MOST


def _rules(clauses: Sequence[Clause], fields: Sequence[str]) -> str:
    """Return *clauses* over *fields* in the engine's JSON."""
    short = dict(zip(fields, _FIELDS, strict=False))
    rules = []
    for rule, clause in zip(_RULES, clauses, strict=False):
        # Sorted, so that clauses that begin alike share their first comparisons.
        conditions = ",".join(
            f'{{"{_CODES[operator]}":{{"{short[field]}":{constant}}}}}'
            for field, operator, constant in sorted(set(clause.conditions))
        )
        rules.append(f'"{rule}":{{"all":[{{"m":{{"$and":[{conditions}]}}}}]}}')
    rules.append(f'"{_LAST_RULE}":{{"pri":1,"all":[{{"m":{{{_ALWAYS}}}}}]}}')
    return f"{{{','.join(rules)}}}"
