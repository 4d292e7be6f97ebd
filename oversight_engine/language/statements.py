"""What a case states: values with their provenance, and the system's own priorities."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Literal, cast, get_args

from attrs import evolve, frozen

from oversight_engine.language.forms import (
    Form,
    read_boolean,
    read_choice,
    read_date,
    read_number,
    read_scalar,
    read_share,
)
from oversight_engine.language.problems import Place, Problems
from oversight_engine.language.source import Broken, Node, Scalar
from oversight_engine.language.source import Mapping as MappingNode
from oversight_engine.model.case import LocalPriority, Shape, StatedFact, Value
from oversight_engine.model.noun import Noun
from oversight_engine.model.number import Exact, scaled, whole_if_possible, written
from oversight_engine.model.rulebook import (
    DIRECTIONS,
    STATUSES,
    Fact,
    LocalPriorityFacts,
    Rulebook,
    Status,
)
from oversight_engine.model.validity import fault_of_value

SUPPRESSED: Status = "suppressed"
SHAPES: tuple[Shape, ...] = get_args(Shape)


@frozen(eq=False, repr=False)
class Defaults(Noun):
    """The provenance of facts that do not say theirs."""

    source: str = ""
    as_at: datetime.date | None = None
    status: Status = "final"


NO_DEFAULTS = Defaults()


class StatementReader:
    """Reads the facts of cases and their local priorities."""

    def __init__(self, rulebook: Rulebook, problems: Problems) -> None:
        """Check against the facts of *rulebook*."""
        self._rulebook = rulebook
        self._problems = problems
        self._ids = tuple(fact.id for fact in rulebook.facts)

    def defaults(self, node: Node | None, given: Defaults) -> Defaults:
        """Return what *node* says of facts that do not say it themselves, else what is *given*."""
        if node is None:
            return given
        form = Form(node, "`defaults`", self._problems)
        defaults = _provenance(form, given)
        form.finish()
        return defaults

    def facts(
        self, node: Node | None, defaults: Defaults, as_of: datetime.date | None
    ) -> dict[str, StatedFact]:
        """Return what the mapping at *node* states, by fact."""
        facts: dict[str, StatedFact] = {}
        if node is None or isinstance(node, Broken):
            return facts
        if not isinstance(node, MappingNode):
            Form(node, "`facts`", self._problems)
            return facts
        for key, value in node.entries:
            if not self._rulebook.has_fact(key.text):
                self._problems.add(
                    "unknown-fact", key.place, "the rulebook declares no such fact", got=key.text,
                    help=self._problems.did_you_mean(key.text, self._ids),
                )  # fmt: skip
                continue
            stated = self._stated(self._rulebook.fact(key.text), value, defaults, as_of)
            if stated is not None:
                facts[key.text] = stated
        return facts

    def _stated(
        self, fact: Fact, node: Node, defaults: Defaults, as_of: datetime.date | None
    ) -> StatedFact | None:
        if not isinstance(node, MappingNode):
            scalar = read_scalar(node, f"`{fact.id}`", self._problems)
            value = self._value(fact, scalar) if scalar is not None else None
            return _stated(value, defaults) if value is not None else None
        form = Form(node, f"`{fact.id}`", self._problems)
        provenance = _provenance(form, defaults)
        scalar = form.scalar("value", needed=provenance.status != SUPPRESSED)
        value = self._value(fact, scalar) if scalar is not None else None
        self._check_unit(form, fact)
        likely, shape = self._likely(form, fact, value)
        chances = self._chances(form, fact, value)
        note = form.text("note", needed=False)
        if form.has("as_at"):
            self.check_day(form, "as_at", provenance.as_at, as_of)
        form.finish()
        return evolve(
            _stated(value, provenance), likely=likely, shape=shape, chances=chances, note=note
        )

    def _value(self, fact: Fact, scalar: Scalar) -> Value | None:
        """Return the value of *fact* that *scalar* states, or note what is wrong with it."""
        what = f"`{fact.id}`"
        if fact.type == "number":
            return self._number(fact, scalar)
        if fact.type == "boolean":
            return read_boolean(scalar, what, self._problems)
        if fact.type == "date":
            return read_date(scalar, what, self._problems)
        allowed = (*fact.values, *fact.outside_order)
        return read_choice(scalar, what, self._problems, allowed, "unknown-category")

    def _number(self, fact: Fact, scalar: Scalar) -> Exact | None:
        number = read_number(scalar, f"`{fact.id}`", self._problems)
        fault = fault_of_value(fact, number) if number is not None else ""
        if number is None or not fault:
            return number
        is_in_place = scaled(number, fact.decimals) is not None
        self._problems.add(
            "out-of-range" if is_in_place else "too-many-decimals", scalar.place, fault,
            got=scalar.text,
            help="" if is_in_place else "nothing is rounded here; state it as it is published",
        )  # fmt: skip
        return None

    def _check_unit(self, form: Form, fact: Fact) -> None:
        if fact.type != "number":
            form.forbid({"unit": f"`{fact.id}` is a {fact.type}, and has no unit"})
            return
        unit = form.text("unit", needed=False)
        if unit and unit != fact.unit:
            declared = f"`{fact.unit}`" if fact.unit else "a bare number"
            form.fail(
                "wrong-unit", f"`{fact.id}` is in {declared}", place=form.place_of("unit"),
                got=unit, help="convert the value, or leave the unit out",
            )  # fmt: skip

    def _likely(
        self, form: Form, fact: Fact, value: Value | None
    ) -> tuple[tuple[Exact, Exact] | None, Shape | Literal[""]]:
        """Return the range in which the true value is likely to lie, and how it lies there."""
        if fact.type != "number":
            form.forbid({"likely": "only a number has a likely range"})
            return None, ""
        node = form.node("likely", needed=False)
        if node is None:
            return None, ""
        place, shape = form.place_of("likely"), cast("Shape | None", None)
        if isinstance(node, MappingNode):
            inner = Form(node, "`likely`", self._problems)
            scalars = [inner.scalar("from"), inner.scalar("to")]
            shape = inner.choice("shape", SHAPES)
            form.ok = inner.finish() and form.ok
        else:
            scalars = [
                read_scalar(each, "an end of `likely`", self._problems)
                for each in form.nodes("likely")
            ]
        numbers = [self._number(fact, scalar) for scalar in scalars if scalar is not None]
        ends = [number for number in numbers if number is not None]
        if len(ends) < len(scalars):
            return None, ""
        if len(ends) != 2:  # noqa: PLR2004 - a range has two ends
            form.fail(
                "wrong-shape", "`likely` is a list of two ends, as in [68.9, 69.5]", place=place
            )
            return None, ""
        least, most = ends
        if least > most:
            form.fail("range-reversed", "the likely range ends before it begins", place=place)
        elif isinstance(value, int | Fraction) and not least <= value <= most:
            form.fail("value-not-likely", "the value is outside its own likely range", place=place)
        return (least, most), shape or ""

    def _chances(
        self, form: Form, fact: Fact, value: Value | None
    ) -> tuple[tuple[Value, Exact], ...]:
        """Return the values that the true one may be, each with how likely it is."""
        node = form.node("chances", needed=False)
        if node is None:
            return ()
        place = form.place_of("chances")
        if form.has("likely"):
            form.fail(
                "misplaced-key", "`chances` stands instead of `likely`", place=place, got="chances"
            )
        if not isinstance(node, MappingNode):
            Form(node, "`chances`", self._problems)
            form.ok = False
            return ()
        chances: dict[Value, Exact] = {}
        for key, given in node.entries:
            # JSON has every key in quotes, and yet it may say a number or yes.
            each = self._value(fact, evolve(key, plain=True))
            chance = self._chance(given)
            if each is None or chance is None:
                form.ok = False
            elif each in chances:
                message = "this value stands twice in `chances`"
                form.fail("duplicate-entry", message, place=key.place, got=key.text)
            else:
                chances[each] = chance
        if not form.ok:
            return ()
        total = whole_if_possible(sum(chances.values()))
        if total != 1:
            form.fail(
                "chances-do-not-add-up", "one of the values is the true one", place=place,
                got=f"a sum of {written(total)}",
                help="let the chances add up to 1; a third is written as 1/3",
            )  # fmt: skip
        elif value is not None and value not in chances:
            form.fail("value-not-likely", "the value is none of those with a chance", place=place)
        return tuple(sorted(chances.items(), key=lambda pair: str(pair[0])))

    def _chance(self, node: Node) -> Exact | None:
        scalar = read_scalar(node, "a chance", self._problems)
        chance = None if scalar is None else read_share(scalar, "a chance", self._problems)
        if scalar is None or chance is None or chance > 0:
            return chance
        self._problems.add(
            "out-of-range", scalar.place, "a chance is above 0; what cannot be is left out",
            got=scalar.text,
        )  # fmt: skip
        return None

    def check_day(
        self,
        form: Form,
        key: str,
        as_at: datetime.date | None,
        as_of: datetime.date | None,
    ) -> None:
        """Refuse the day *as_at*, stated under *key*, if it comes after the decision's date."""
        if as_at is not None and as_of is not None and as_at > as_of:
            form.fail(
                "as-at-too-late", f"this is as at {as_at}, after the decision's date, {as_of}",
                place=form.place_of(key), got=str(as_at),
            )  # fmt: skip

    def local_priorities(
        self, node: Node | None, defaults: Defaults, as_of: datetime.date | None
    ) -> tuple[tuple[LocalPriority, ...], dict[str, StatedFact]]:
        """Return the system's own priorities, and the facts that they become."""
        if node is None:
            return (), {}
        form = Form(node, "`local_priorities`", self._problems)
        names = self._rulebook.local_priorities
        if names is None:
            form.abandon()
            self._problems.add(
                "misplaced-key", form.place, "the rulebook knows no local priorities",
                got="local_priorities", help="leave them out",
            )  # fmt: skip
            return (), {}
        provenance = _provenance(form, defaults)
        self.check_day(form, "as_at", provenance.as_at if form.has("as_at") else None, as_of)
        agreed = form.whole("agreed")
        priorities = self._priorities(form.nodes("list", needed=False))
        if form.ok and agreed < len(priorities):
            form.fail(
                "too-few-agreed", f"{len(priorities)} are listed, and {agreed} were agreed",
                place=form.place_of("agreed"), got=str(agreed),
            )  # fmt: skip
        if form.ok and not provenance.source:
            form.fail(
                "missing-key", "the number agreed says where it comes from", place=form.place,
                help="give `source`, here or among the defaults",
            )  # fmt: skip
        form.finish()
        if not form.ok or not agreed:
            return priorities, {}  # where none was agreed, nothing is known of any
        return priorities, self._counts(names, agreed, priorities, provenance, form)

    def _counts(
        self,
        names: LocalPriorityFacts,
        agreed: int,
        priorities: tuple[LocalPriority, ...],
        provenance: Defaults,
        form: Form,
    ) -> dict[str, StatedFact]:
        on_track = sum(priority.on_track is True for priority in priorities)
        not_on_track = sum(priority.on_track is False for priority in priorities)
        counts = {
            names.agreed: agreed,
            names.on_track: on_track,
            names.not_on_track: not_on_track,
            names.unknown: agreed - on_track - not_on_track,
        }
        for fact_id, count in counts.items():
            fault = fault_of_value(self._rulebook.fact(fact_id), count)
            if fault:
                form.fail("out-of-range", f"`{fact_id}`: {fault}", got=str(count))
        return {fact_id: _stated(count, provenance) for fact_id, count in counts.items()}

    def _priorities(self, nodes: tuple[Node, ...]) -> tuple[LocalPriority, ...]:
        seen: dict[str, Place] = {}
        priorities = []
        for node in nodes:
            form = Form(node, "a local priority", self._problems)
            priority = _priority(form)
            if priority.name and priority.name in seen:
                form.fail(
                    "duplicate-entry", f"this priority is listed already, at {seen[priority.name]}",
                    got=priority.name,
                )  # fmt: skip
            seen.setdefault(priority.name, form.place)
            form.finish()
            priorities.append(priority)
        return tuple(priorities)


def _priority(form: Form) -> LocalPriority:
    """Return one priority; whether it is on track follows from its figures if it is not said."""
    name = form.text("name")
    target, actual = form.number_if_any("target"), form.number_if_any("actual")
    better = form.choice("better", DIRECTIONS, "neither")
    on_track = form.boolean_if_any("on_track")
    if on_track is None and target is not None and actual is not None:
        if better == "neither" and form.ok:
            form.fail(
                "no-direction", "a target and a figure say nothing without a direction",
                help="say `better: higher` or `better: lower`, or state `on_track`",
            )  # fmt: skip
        on_track = actual >= target if better == "higher" else actual <= target
    return LocalPriority(name, target, actual, better, on_track)


def _provenance(form: Form, given: Defaults) -> Defaults:
    """Return what *form* says of where its values come from, else what is *given*."""
    return Defaults(
        form.text("source", needed=False) or given.source,
        form.date_if_any("as_at") or given.as_at,
        form.choice("status", STATUSES, given.status),
    )


def _stated(value: Value | None, provenance: Defaults) -> StatedFact:
    return StatedFact(value, provenance.source, provenance.as_at, provenance.status)
