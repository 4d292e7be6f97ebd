"""Other ways to compute the truths that `oversight_engine.semantics` defines."""
