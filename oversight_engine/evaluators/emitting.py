"""A program written out as straight-line Python: one line for each thing it comes to.

The source consists of positions, whole numbers and names that this module makes up. Whatever a
rulebook says in words (ids, categories) is bound to such a name and never becomes source, so that
no rulebook can smuggle in code.

A truth is a letter (t, f, u) in a variable: `n3` for the node at place 3, `m3` for its negation.
`x3` is the term at place 3 and `q3` the quantity; both are numbers, or None where unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from oversight_engine.model.number import Rounding
from oversight_engine.program import (
    AggregateTerm,
    AllOf,
    FactTerm,
    FormulaTerm,
    InRange,
    Intervals,
    KnownTerm,
    LinearSum,
    Node,
    Program,
    Proposition,
    TableTerm,
    Term,
)

MOST_KEPT = 20_000
"""How many results a memo holds before it starts again, so that memory does not grow."""
_WORD = 2**63


class Memo(dict[Any, Any]):
    """What a pure function comes to, kept for the arguments it was asked for last."""

    def __init__(self, function: Callable[[Any], Any], most: int = MOST_KEPT) -> None:
        """Remember nothing yet, and never more than *most*."""
        super().__init__()
        self._function = function
        self._most = most

    def __missing__(self, key: Any) -> Any:
        value = self._function(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value


class Source:
    """Lines of Python, and the values that their names stand for."""

    def __init__(self) -> None:
        """Begin with neither."""
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}

    def bind(self, value: Any) -> str:
        """Return a name of our own that stands for *value* in the source."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def number(self, number: int) -> str:
        """Return what writes a whole *number* in the source."""
        return str(number) if -_WORD < number < _WORD else self.bind(number)

    def line(self, text: str, depth: int = 1) -> None:
        """Add a line, so many steps indented."""
        self.lines.append("    " * depth + text)


def letter_of(proposition: Proposition) -> str:
    """Return the variable that holds the truth of *proposition*."""
    return f"n{proposition}" if proposition >= 0 else f"m{~proposition}"


def joined(parts: Iterable[str]) -> str:
    """Return an expression for the texts that *parts* come to, one after the other."""
    several = list(parts)
    if len(several) == 1:
        return several[0]
    return "f'" + "".join(f"{{{part}}}" for part in several) + "'"


def emit_truths(source: Source, program: Program) -> None:
    """Write out every term (facts apart, which the caller reads), quantity and node."""
    wanted = set(_propositions_of(program))
    added: set[int] = set()
    for stage in range(program.stages):
        for place, term in enumerate(program.terms):
            if term.stage == stage and not isinstance(term, FactTerm):
                _emit_term(source, place, term)
        for place, node in enumerate(program.nodes):
            if node.stage != stage:
                continue
            if isinstance(node, InRange) and node.quantity not in added:
                added.add(node.quantity)
                _emit_quantity(source, node.quantity, program)
            for proposition in (place, ~place):
                if proposition in wanted:
                    _emit_node(source, proposition, node, program)


def _propositions_of(program: Program) -> Iterator[Proposition]:
    """Yield every proposition that something reads."""
    yield from program.leaves
    for _, condition in program.conditions:
        yield condition
    for rule in program.rules:
        yield rule.proposition
    for _, consequence in program.consequences:
        if consequence is not None:
            yield consequence
    for node in program.nodes:
        if not isinstance(node, InRange):
            yield from node.of
    for term in program.terms:
        if isinstance(term, TableTerm):
            yield from (row for row, _ in term.rows)
        elif isinstance(term, KnownTerm) and term.proposition is not None:
            yield term.proposition


# Nodes


def _emit_node(source: Source, proposition: Proposition, node: Node, program: Program) -> None:
    target = letter_of(proposition)
    true, false = ("'t'", "'f'") if proposition >= 0 else ("'f'", "'t'")
    if isinstance(node, InRange):
        value = _quantity_name(node.quantity, program)
        test = _membership(source, value, node.within)
        source.line(f"{target} = 'u' if {value} is None else {true} if {test} else {false}")
        return
    source.line(f"s = {joined(map(letter_of, node.of))}")
    if isinstance(node, AllOf):
        source.line(f"{target} = {false} if 'f' in s else 'u' if 'u' in s else {true}")
        return
    decide = source.bind(Memo(_tallier(node.within, denied=proposition < 0)))
    source.line(f"{target} = {decide}[s.count('t'), {len(node.of)} - s.count('f')]")


def _membership(source: Source, value: str, within: Intervals) -> str:
    tests = []
    for first, last in within:
        low = "" if first is None else f"{source.number(first)} <= "
        high = "" if last is None else f" <= {source.number(last)}"
        if first == last and first is not None:
            tests.append(f"{value} == {source.number(first)}")
        else:
            tests.append(f"{low}{value}{high}" if low or high else "True")
    return " or ".join(tests) or "False"


def _tallier(within: Intervals, *, denied: bool) -> Callable[[tuple[int, int]], str]:
    """Return what says whether all of the numbers from one to another are within, or none."""
    true, false = ("f", "t") if denied else ("t", "f")

    def decide(ends: tuple[int, int]) -> str:
        least, most = ends
        inside = [
            any((a is None or a <= n) and (b is None or n <= b) for a, b in within)
            for n in range(least, most + 1)
        ]
        return true if all(inside) else "u" if any(inside) else false

    return decide


# Quantities and terms


def _quantity_name(place: int, program: Program) -> str:
    quantity = program.quantities[place]
    if quantity.constant == 0 and len(quantity.multiples) == 1 and quantity.multiples[0][1] == 1:
        term = quantity.multiples[0][0]
        if program.terms[term].scale is not None:
            return f"x{term}"
    return f"q{place}"


def _emit_quantity(source: Source, place: int, program: Program) -> None:
    if _quantity_name(place, program) != f"q{place}":
        return  # it is a term that has a variable already
    quantity = program.quantities[place]
    source.line(f"q{place} = {_total(source, quantity)}")
    if any(program.terms[term].scale is None for term, _ in quantity.multiples):
        # A fraction, which is only compared with 0: its numerator has its sign.
        source.line(f"q{place} = None if q{place} is None else q{place}.numerator")


def _total(source: Source, quantity: LinearSum) -> str:
    """Return an expression for the sum, its divisor left aside; None where a term is unknown."""
    parts = [f"{source.number(m)} * x{t}" if m != 1 else f"x{t}" for t, m in quantity.multiples]
    if quantity.constant or not parts:
        parts.append(source.number(quantity.constant))
    unknown = " or ".join(f"x{term} is None" for term, _ in quantity.multiples)
    total = " + ".join(parts)
    return f"None if {unknown} else {total}" if unknown else total


def _emit_term(source: Source, place: int, term: Term) -> None:
    if isinstance(term, KnownTerm):
        if term.term is not None:
            unknown = f"x{term.term} is None"
        else:
            assert term.proposition is not None, "what may be known is a term or a truth"
            unknown = f"{letter_of(term.proposition)} == 'u'"
        source.line(f"x{place} = 0 if {unknown} else 1")
    elif isinstance(term, AggregateTerm):
        _emit_aggregate(source, place, term)
    elif isinstance(term, FormulaTerm):
        _emit_formula(source, place, term)
    else:
        assert isinstance(term, TableTerm), "facts are read by the caller"
        _emit_table(source, place, term)


def _emit_aggregate(source: Source, place: int, term: AggregateTerm) -> None:
    divisor = source.number(term.operands[0].divisor)
    totals = [f"({_total(source, operand)})" for operand in term.operands]
    fraction = source.bind(Fraction)
    if term.function == "mean_known":
        weighted = zip(totals, term.weights, strict=True)
        pairs = ", ".join(f"({total}, {source.number(weight)})" for total, weight in weighted)
        source.line(f"v = [(a * w, w) for a, w in ({pairs},) if a is not None]")
        total = f"sum([a for a, w in v]), {divisor} * sum([w for a, w in v])"
        source.line(f"x{place} = {fraction}({total}) if v else None")
        return
    function = {"min_known": "min", "max_known": "max", "sum_known": "sum"}[term.function]
    source.line(f"v = [a for a in ({', '.join(totals)},) if a is not None]")
    result = (
        f"{function}(v)" if term.scale is not None else f"{fraction}({function}(v)) / {divisor}"
    )
    source.line(f"x{place} = {result} if v else None")


def _emit_formula(source: Source, place: int, term: FormulaTerm) -> None:
    total, divisor = _total(source, term.formula), term.formula.divisor
    to, steps, scale = term.rounded, term.steps, term.scale
    if steps is not None:
        table, of = steps, scale or 1
        score = Memo(lambda a: int(table.score(Fraction(a) / divisor) * of))
    elif to is not None:
        decimals, mode = to.decimals, to.mode
        score = Memo(lambda a: rounded_quotient(a, divisor, decimals, mode))
    elif scale is None:
        score = Memo(lambda a: Fraction(a) / divisor)
    else:
        source.line(f"x{place} = {total}")
        return
    source.line(f"a = {total}")
    source.line(f"x{place} = None if a is None else {source.bind(score)}[a]")


def rounded_quotient(total: int | Fraction, divisor: int, decimals: int, mode: Rounding) -> int:
    """Return `total / divisor` at so many *decimals*, in units of the last of them."""
    numerator, denominator = total.numerator * int(10**decimals), total.denominator * divisor
    down, rest = divmod(abs(numerator), abs(denominator))
    negative = (numerator < 0) != (denominator < 0)
    twice = 2 * rest - abs(denominator)
    up: bool = {
        "down": False,
        "up": rest > 0,
        "half_up": twice >= 0,
        "half_even": twice > 0 or (twice == 0 and down % 2 == 1),
    }[mode]
    magnitude = down + 1 if up else down
    return -magnitude if negative else magnitude


def _emit_table(source: Source, place: int, term: TableTerm) -> None:
    rows = [letter_of(row) for row, _ in term.rows]
    otherwise = "None" if term.otherwise is None else source.number(term.otherwise)
    source.line(f"s = {joined(rows)}")
    source.line(f"x{place} = None if 'u' in s else {otherwise}")
    # The last line to apply decides, and where several rows were true it is to be the first row.
    for row, (_, value) in reversed(list(zip(rows, term.rows, strict=True))):
        source.line(f"if {row} == 't': x{place} = {source.number(value)}")
