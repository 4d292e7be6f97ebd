"""Recorded decisions by straight-line Python, generated once for each span of a rulebook's days.

For deciding many cases over again: it goes from the plain data of a case to the canonical bytes
of the recorded decision, and makes no values in between. Property tests hold it equal to the
reference evaluator, and whoever uses it compares some of what it says with the reference again.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from oversight_engine import semantics
from oversight_engine.assembly import Period
from oversight_engine.combining import effect_of
from oversight_engine.compiler import compile_program
from oversight_engine.evaluators.emitting import (
    Memo,
    Source,
    emit_truths,
    joined,
    letter_of,
)
from oversight_engine.evaluators.stated import (
    DAYS,
    OddCaseError,
    Question,
    Statement,
    reader_of,
    why_unknown,
)
from oversight_engine.evaluators.terms import conclusion_of
from oversight_engine.model.decision_form import conclusion_data
from oversight_engine.model.expression import Name, names_in_leaf, names_in_quantity
from oversight_engine.model.recorded import LETTERS, RECORDED_FORMAT, in_force_digest
from oversight_engine.model.rulebook import (
    REFER,
    REFERRAL,
    Finding,
)
from oversight_engine.model.trace import Conclusion, Effect
from oversight_engine.model.truth import FALSE, TRUE, UNKNOWN
from oversight_engine.program import FactTerm


class GeneratedPeriod:
    """What holds of a rulebook between two days on which something changes, as Python.

    Attributes:
        text: the Python that was generated.
    """

    def __init__(self, period: Period) -> None:
        """Generate and compile it."""
        emitter = _Emitter(period)
        self._derive = emitter.function()
        self.text = emitter.text

    def derive(self, question: Question) -> bytes:
        """Return the recorded bytes of the decision.

        Raises:
            OddCaseError: the case is not as a reader would let it through.
        """
        facts = question.facts
        today = DAYS[question.day]
        end = None if question.period_end is None else DAYS[question.period_end]
        overridden = "false" if DAYS[question.as_of] == today else "true"
        ages = AGES[today, end]
        text: str = self._derive(
            facts, ages, today, end, overridden, question.day, question.digest, question.system
        )
        return text.encode()


def _encoded(data: Any) -> str:
    """Return *data* as canonical JSON."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


SYSTEMS = Memo(_encoded)


def _ages(days: tuple[int, int | None]) -> Memo:
    """Return how many days before today each day is; None is the end of the case's period."""
    today, end = days

    def age(text: str | None) -> float:
        day = end if text is None else DAYS[text]
        if day is None:
            return math.inf
        if day > today:
            raise OddCaseError
        return today - day

    return Memo(age)


AGES = Memo(_ages, 1000)
"""By today and the last day of a case's period: the age of what is as at a day, in days.

Asking for the age of what is as at a day to come raises OddCaseError.
"""


# Writing


class _Emitter:
    """Writes the function of one period."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self.in_force = period.in_force
        self.rulebook = period.in_force.rulebook
        self.program = compile_program(period.in_force)
        self.source = Source()
        self.facts = sorted(self.rulebook.facts, key=lambda fact: fact.id)
        self.bits = {fact.id: 1 << place for place, fact in enumerate(self.facts)}
        for place, finding in enumerate(self.in_force.findings, start=len(self.facts)):
            self.bits[finding.id] = 1 << place
        self.conditions = dict(self.program.conditions)
        self.values = dict(self.program.values)

    def function(self) -> Callable[..., str]:
        """Return the function, compiled."""
        source = self.source
        source.line("def derive(facts, ages, today, end, overridden, day, case, system):", 0)
        self.read_facts()
        emit_truths(source, self.program)
        self.combine()
        self.carry()
        self.say_what_is_missing()
        self.render()
        self.text = "\n".join(source.lines) + "\n"
        code = compile(self.text, "<a generated evaluator>", "exec")
        space: dict[str, Any] = {"__builtins__": {}, **BUILTINS, **source.names}
        exec(code, space)  # noqa: S102 (of positions, whole numbers and our own names)
        function: Callable[..., str] = space["derive"]
        return function

    # Facts

    def read_facts(self) -> None:
        """Write how each fact is read: its number, or a bit among those that are unknown."""
        source = self.source
        places: dict[str, tuple[str, FactTerm | None]] = {}
        for place, each in enumerate(self.program.terms):
            if isinstance(each, FactTerm):
                places[each.fact] = f"x{place}", each
        odd = source.bind(OddCaseError)
        source.line("get = facts.get")
        source.line("unstated = 0")
        source.line("others = []")
        for number, fact in enumerate(self.facts):
            where, term = places.get(fact.id, ("_", None))
            read = source.bind(Memo(reader_of(fact, term)))
            accepts = source.bind(frozenset(fact.accepts))
            unknown = f"{where} is None or s.status not in {accepts}"
            source.line(f"s = get({source.bind(fact.id)})")
            source.line("if s is None:")
            source.line(f"unstated |= {source.number(1 << number)}", 2)
            source.line(f"{where} = None", 2)
            source.line("else:")
            source.line(f"{where} = {read}[s.value]", 2)
            if fact.type == "date":
                source.line(f"if {where} is not None: {where} = today - {where}", 2)
            if fact.max_age is not None:
                source.line("age = ages[s.as_at]", 2)
                unknown += f" or age > {source.number(fact.max_age)}"
            else:
                source.line("if s.as_at is not None: ages[s.as_at]", 2)
            source.line(f"if {unknown}:", 2)
            source.line(f"{where} = None", 3)
            source.line(f"others.append(({number}, s))", 3)
        source.line(f"if len(facts) != {len(self.facts)} - unstated.bit_count(): raise {odd}")

    # What follows from the truths

    def combine(self) -> None:
        """Write how the outcome follows: the most severe wins, and what else stays possible."""
        source, rulebook = self.source, self.rulebook
        groups: dict[tuple[int | None, Effect, Effect], list[str]] = {}
        for rule, entry in zip(self.in_force.rules, self.program.rules, strict=True):
            severity = None if rule.outcome == REFER else rulebook.severity(rule.outcome)
            key = severity, effect_of(rule, TRUE), effect_of(rule, UNKNOWN)
            groups.setdefault(key, []).append(letter_of(entry.proposition))
        source.line("held = back = open_ = 0")
        source.line("refers = False")
        # From the lightest, so that the most severe has the last word.
        for key in sorted(groups, key=lambda key: -1 if key[0] is None else key[0]):
            severity, if_true, if_unknown = key
            source.line(f"s = {joined(groups[key])}")
            if if_true == "refers":
                source.line("if 't' in s: refers = True")
            else:
                source.line(f"if 't' in s: held = {severity}")
            effects = {"refers": "refers = True", "holds_back": f"back = {severity}"}
            done = [effects[if_unknown]] if if_unknown in effects else []
            if severity is not None:
                done.append(f"open_ |= {1 << severity}")
            source.line(f"if 'u' in s: {'; '.join(done)}")
        harshest = len(rulebook.outcomes) - 1
        source.line(f"if held == {harshest}: place = held")
        source.line(f"elif refers: place = {REFERRED}")
        source.line("else: place = held if held > back else back")

    def carry(self) -> None:
        """Write what each outcome, and a referral, carries."""
        source = self.source
        source.line("measure = 'null'")
        labels = [(place, each.id) for place, each in enumerate(self.rulebook.outcomes)]
        for place, label in [*labels, (REFERRED, REFERRAL)]:
            source.line(f"if place == {place}:")
            self.carry_with(label)
            if label == self.rulebook.harshest:
                self.choose_measure()

    def carry_with(self, label: str) -> None:
        items = [item for item in self.in_force.consequences if label in item.outcomes]
        given = dict(self.program.consequences)
        letters: list[str] = []
        carried: list[_Carrying] = []
        for item in sorted(items, key=lambda item: item.id):
            start, proposition = len(letters), given[item.id]
            if proposition is not None:
                letters += [letter_of(proposition), *self.leaves_of("consequence", item.id)]
            begun = {truth: _begun(item.id, [truth]) for truth in "tu"}
            where = slice(start, len(letters))
            carried.append(_Carrying(begun, where, item.per_year or 0, item.days))
        memo = self.source.bind(Memo(lambda truths: _carried(carried, truths), MOST_ROWS))
        self.source.line(f"carried, least, most, days = {memo}[{joined(letters)}]", 2)

    def choose_measure(self) -> None:
        """Write which measure of the true rules of the harshest outcome is the most severe."""
        source = self.source
        for measure in self.rulebook.measures:
            letters = [
                letter_of(entry.proposition)
                for rule, entry in zip(self.in_force.rules, self.program.rules, strict=True)
                if rule.measure == measure.id
            ]
            if letters:
                encoded = source.bind(_encoded(measure.id))
                source.line(f"if 't' in {joined(letters)}: measure = {encoded}", 2)

    def say_what_is_missing(self) -> None:
        """Write which unknown facts lie behind the unknown leaves of the rules that refer."""
        source = self.source
        source.line("behind = 0")
        source.line(f"if place == {REFERRED}:")
        for rule, entry in zip(self.in_force.rules, self.program.rules, strict=True):
            if effect_of(rule, UNKNOWN) == "refers":
                source.line(f"if {letter_of(entry.proposition)} == 'u':", 2)
                self.gather_from_leaves("rule", rule.id, 3)
        # A finding mentions only those before it, so what leads to it is known when it is reached.
        for finding in reversed(self.in_force.findings):
            bit = source.number(self.bits[finding.id])
            source.line(f"if behind & {bit} and {self.is_unknown(finding)}:", 2)
            if finding.value is not None:
                names = self.mask_of(names_in_quantity(finding.value.quantity))
                source.line(f"behind |= {source.number(names)}", 3)
            else:
                self.gather_from_leaves("finding", finding.id, 3)
        source.line("pass", 2)

    def gather_from_leaves(self, kind: str, item_id: str, depth: int) -> None:
        where = self.in_force.owners[kind, item_id]
        propositions = self.program.leaves[where]
        for leaf, proposition in zip(self.in_force.leaves[where], propositions, strict=True):
            mask = self.source.number(self.mask_of(names_in_leaf(leaf)))
            self.source.line(f"if {letter_of(proposition)} == 'u': behind |= {mask}", depth)
        self.source.line("pass", depth)

    def mask_of(self, names: Iterable[Name]) -> int:
        mask = 0
        for name in names:
            mask |= self.bits.get(name.id, 0)
        return mask

    def is_unknown(self, finding: Finding) -> str:
        if finding.id in self.conditions:
            return f"{letter_of(self.conditions[finding.id])} == 'u'"
        return f"x{self.values[finding.id]} is None"

    # The recorded decision

    def render(self) -> None:
        """Write how the recorded decision is put together, key after key in their order."""
        source, bind = self.source, self.source.bind
        ids = [fact.id for fact in self.facts]
        listed = Memo(
            lambda mask: ",".join(_encoded(i) for n, i in enumerate(ids) if mask >> n & 1)
        )
        facts = self.facts

        def because(
            unstated: int, others: list[tuple[int, Statement]], today: int, end: int | None
        ) -> str:
            reasons: dict[str, list[str]] = {}
            if unstated:
                reasons["not stated"] = [i for n, i in enumerate(ids) if unstated >> n & 1]
            for number, statement in others:
                why = why_unknown(facts[number], statement, today, end)
                reasons.setdefault(why, []).append(ids[number])
            return _encoded(reasons)

        alone = Memo(lambda unstated: because(unstated, [], 0, None))
        source.line(f"if others: unknown = {bind(because)}(unstated, others, today, end)")
        source.line(f"else: unknown = {bind(alone)}[unstated]")
        source.line("for number, s in others: unstated |= 1 << number")
        labels = [_encoded(outcome.id) for outcome in self.rulebook.outcomes]
        label = bind((*labels, _encoded(REFERRAL)))  # a referral is the last, at -1
        review = bind(_review)
        data = self.constants()
        parts = [
            bind('{"as_of":"'), "day", bind('","as_of_overridden":'), "overridden",
            bind(',"burden":['), "least", bind(","), "most", bind('],"case":"'), "case",
            bind(f'",{data["cohort"]}"consequences":{{'), "carried",
            bind('},"decision":'), f"{label}[place]",
            bind(',"findings":{'), *self.finding_rows(),
            bind(f'}},"format":{data["format"]},"in_force":{data["in_force"]},'),
            bind('"measure":'), "measure",
            bind(',"missing_evidence":['), f"{bind(listed)}[behind & unstated]",
            bind('],"possible_outcomes":'), f"{bind(Memo(self.possible))}[held, open_]",
            bind(f',{data["reform"]}"review_on":'), f"{review}(today, days)",
            bind(f',"rulebook":{data["rulebook"]},"rules":{{'), *self.rule_rows(),
            bind(f'}},"semantics":{data["semantics"]},"system":'), f"{bind(SYSTEMS)}[system]",
            bind(',"unknown":'), "unknown", bind("}"),
        ]  # fmt: skip
        source.line(f"return {joined(parts)}")

    def constants(self) -> dict[str, str]:
        """Return what is the same for every decision of the period, as it is written."""
        reform, cohort = self.rulebook.reform, self.period.cohort
        return {
            "format": _encoded(RECORDED_FORMAT),
            "semantics": _encoded(semantics.VERSION),
            "rulebook": _encoded(self.rulebook.digest),
            "in_force": _encoded(
                in_force_digest(self.period.parameters, self.in_force.not_in_force)
            ),
            "reform": "" if reform is None else f'"reform":{_encoded(reform.digest)},',
            "cohort": "" if cohort is None else f'"cohort":{_encoded(cohort.digest)},',
        }

    def possible(self, key: tuple[int, int]) -> str:
        """Return the possible outcomes: what is held, and every harsher one that is open."""
        held, open_ = key
        outcomes = self.rulebook.outcomes
        harsher = [n for n in range(len(outcomes)) if n == held or (n > held and open_ >> n & 1)]
        return _encoded([outcomes[n].id for n in harsher])

    def leaves_of(self, kind: str, item_id: str) -> list[str]:
        return list(map(letter_of, self.program.leaves[self.in_force.owners[kind, item_id]]))

    def rule_rows(self) -> list[str]:
        rows = _Rows(self.source)
        entries = {entry.id: entry for entry in self.program.rules}
        for rule in sorted(self.in_force.rules, key=lambda rule: rule.id):
            heads = {LETTERS[t]: [LETTERS[t], effect_of(rule, t)] for t in (TRUE, FALSE, UNKNOWN)}
            letter = letter_of(entries[rule.id].proposition)
            rows.add(rule.id, heads, letter, self.leaves_of("rule", rule.id))
        return rows.parts()

    def finding_rows(self) -> list[str]:
        rows = _Rows(self.source)
        for finding in sorted(self.in_force.findings, key=lambda finding: finding.id):
            leaves = self.leaves_of("finding", finding.id)
            if finding.id in self.conditions:
                letter = letter_of(self.conditions[finding.id])
                rows.add(finding.id, {a: [a] for a in "tfu"}, letter, leaves)
            else:
                place = self.values[finding.id]
                conclude = conclusion_of(self.program.terms[place])
                rows.add_value(finding.id, conclude, f"x{place}", leaves)
        return rows.parts()


class _Rows:
    """Expressions for the rows of a list. Some at a time are looked up by the truths in them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parts: list[str] = []
        self._letters: list[str] = []
        self._waiting: list[tuple[dict[str, str], int]] = []

    def add(
        self, item_id: str, heads: Mapping[str, Sequence[str]], letter: str, leaves: list[str]
    ) -> None:
        """Add the row whose head follows from one truth, and whose end are those of its leaves."""
        self._letters += [letter, *leaves]
        begun = {truth: _begun(item_id, head) for truth, head in heads.items()}
        self._waiting.append((begun, len(leaves)))
        if len(self._letters) >= AT_ONCE:
            self._flush()

    def add_value(
        self, item_id: str, conclude: Callable[[Any], Conclusion], value: str, leaves: list[str]
    ) -> None:
        """Add the row of a number or a category."""
        self._flush()
        comma = "," if self._parts else ""

        def head(value: Any) -> str:
            return comma + _begun(item_id, [conclusion_data(conclude(value))])

        self._parts += [f"{self._source.bind(Memo(head))}[{value}]", *leaves, CLOSING]

    def parts(self) -> list[str]:
        """Return the expressions, to be written one after the other."""
        self._flush()
        return self._parts

    def _flush(self) -> None:
        if not self._waiting:
            return
        comma, rows = "," if self._parts else "", tuple(self._waiting)

        def write(letters: str) -> str:
            texts, at = [], 0
            for begun, leaves in rows:
                end = at + 1 + leaves
                texts.append(begun[letters[at]] + letters[at + 1 : end])
                at = end
            return comma + '"],'.join(texts) + '"]'

        memo, name = self._source.bind(Memo(write, MOST_ROWS)), f"r{len(self._source.lines)}"
        self._source.line(f"{name} = {memo}[{joined(self._letters)}]")
        self._parts.append(name)
        self._letters, self._waiting = [], []


REFERRED = -1
"""Stands where the place of an outcome would be."""
CLOSING = "closed"
BUILTINS = {"len": len, "sum": sum, "min": min, "max": max, CLOSING: '"]'}
"""All that generated code may call or mention besides its own names."""
AT_ONCE = 8
"""How many truths are looked up at a time: more are faster to write, and more seldom met again."""
MOST_ROWS = 1000
"""How many of what some rows may be are kept."""


def _begun(item_id: str, head: Sequence[Any]) -> str:
    """Return the row of an item as it is written, up to the truths of its leaves."""
    return f"{_encoded(item_id)}:{_encoded([*head, ''])[:-2]}"


class _Carrying(NamedTuple):
    """What an item that an outcome carries brings with it, and where its truths stand.

    Attributes:
        begun: its row up to the truths of its leaves, by its own truth.
    """

    begun: Mapping[str, str]
    where: slice
    burden: int
    days: int | None


def _carried(items: Iterable[_Carrying], letters: str) -> tuple[str, int, int, int | None]:
    """Return the rows of what is carried, the least and most burden, and the days to a review."""
    rows: list[str] = []
    least, most, days = 0, 0, []
    for begun, where, burden, until in items:
        truths = letters[where] or "t"
        truth = truths[0]
        if truth == "f":
            continue
        rows.append(f'{begun[truth]}{truths[1:]}"]')
        most += burden
        if truth == "t":
            least += burden
            if until is not None:
                days.append(until)
    return ",".join(rows), least, most, min(days, default=None)


def _review(today: int, days: int | None) -> str:
    """Return the day of the review; nothing is due after the last day there is."""
    if days is None:
        return "null"
    last = datetime.date.max.toordinal()
    return f'"{datetime.date.fromordinal(min(today + days, last)).isoformat()}"'
