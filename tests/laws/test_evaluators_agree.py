"""Every evaluator finds the truths that the reference defines, for random rulebooks and cases."""

from hypothesis import given
from hypothesis import strategies as st

from oversight_engine.engine import EVALUATORS, Engine
from oversight_engine.model.decision_form import decision_bytes
from tests.laws.relations import A_TENTH, reference
from tests.strategies import cases, rulebooks


@A_TENTH
@given(st.data(), rulebooks())
def test_the_evaluators_agree_on_random_rulebooks_unknowns_lines_and_extremes(data, book):
    with Engine(book, evaluators=EVALUATORS) as engine:
        for case in data.draw(st.lists(cases(book), min_size=1, max_size=3)):
            decision = engine.decide(case)  # raises where they do not
            assert decision_bytes(decision) == decision_bytes(reference(book).decide(case))
            assert decision.attestation.evaluators == ("reference", "durable")
