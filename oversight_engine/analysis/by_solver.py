"""What the rules can come to when some facts are spread, asked of z3.

For where a search takes too many steps. That nothing comes to something is z3's word; whatever it
says can be is looked at where z3 says it is, and giving up is no answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from oversight_engine.analysis.enclosures import FALSE, MAY, TRUE, UNKNOWN
from oversight_engine.analysis.encoded_program import Said, encode
from oversight_engine.analysis.encoding import Bool, Encoding, Found
from oversight_engine.analysis.ground import Ground
from oversight_engine.analysis.search import Wanted
from oversight_engine.analysis.solver import load_z3
from oversight_engine.analysis.spreads import Spread
from oversight_engine.errors import EvaluatorError
from oversight_engine.program import Proposition, RuleEntry


class Solver:
    """z3, that may think for so many *seconds* in all."""

    def __init__(self, seconds: float) -> None:
        """Begin with all of them left."""
        self.seconds = self.left = seconds

    def question(
        self,
        ground: Ground,
        known: Mapping[str, int],
        spreads: Sequence[Spread],
        rules: Iterable[RuleEntry],
    ) -> Question:
        """Return *rules* ready to be asked about, the *known* facts staying but for *spreads*.

        Raises:
            EvaluatorLimitError: they cannot be said to z3 exactly.
            EvaluatorUnavailableError: z3 is not installed.
        """
        return Question(self, ground, known, spreads, rules)


class Question:
    """Some rules of one case, said to z3."""

    def __init__(
        self,
        solver: Solver,
        ground: Ground,
        known: Mapping[str, int],
        spreads: Sequence[Spread],
        rules: Iterable[RuleEntry],
    ) -> None:
        """Say them; `Solver.question` tells what is what."""
        self.solver, self.ground, self.known = solver, ground, known
        program = ground.program._replace(rules=tuple(rules))
        encoding = self.encoding = Encoding(load_z3(), (ground.rulebook,), ground.day, 0)
        facts = encoding.facts([program])
        values: dict[str, Sequence[int]] = {fact: (number,) for fact, number in known.items()}
        values |= {spread.fact: spread.values for spread in spreads}
        for fact_id, reading in facts.items():
            encoding.hold(ground.rulebook.fact(fact_id), reading, values.get(fact_id, ()))
        self.terms = {
            spread.fact: encoding.term_of(
                ground.rulebook.fact(spread.fact), facts[spread.fact].value
            )
            for spread in spreads
        }
        world = encode(encoding, program, facts)
        self.said = {rule.proposition: world.rules[rule.id] for rule in program.rules}

    def can_be(self, wanted: Wanted) -> Found:
        """Return whether some combination has all that is *wanted*, or why nobody knows.

        Raises:
            EvaluatorError: the rules do not confirm what z3 found, which is a fault of ours.
        """
        solver = self.solver
        if solver.left <= 0:
            return Found(None, f"z3 has had its {solver.seconds:g} seconds")
        conditions = [self.among(*each) for each in wanted.every]
        if wanted.some:
            conditions.append(self.encoding.any_of(self.among(*each) for each in wanted.some))
        self.encoding.limit(solver.left)
        start = time.monotonic()
        found = self.encoding.ask(*conditions)
        solver.left -= time.monotonic() - start
        if found.model is not None:
            self.confirm(found, wanted)
        return found

    def among(self, proposition: Proposition, truths: int) -> Bool:
        """Return that *proposition* has one of the *truths*."""
        said: Said = self.said[proposition]
        of_truth = {
            FALSE: said.false,
            UNKNOWN: self.encoding.negation(self.encoding.any_of(said)),
            TRUE: said.true,
        }
        return self.encoding.any_of(of_truth[t] for t in of_truth if truths & MAY[t])

    def confirm(self, found: Found, wanted: Wanted) -> None:
        """See that what is *wanted* is so where z3 *found* it."""
        numbers = {fact: self.encoding.number(found, term) for fact, term in self.terms.items()}
        at = self.ground.at({**self.known, **numbers})
        if not all(at.truths(p) & allowed for p, allowed in wanted.every) or (
            wanted.some and not any(at.truths(p) & allowed for p, allowed in wanted.some)
        ):
            raise EvaluatorError(f"z3 finds what the rules do not come to, at {numbers}")
