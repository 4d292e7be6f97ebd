"""The nouns: rulebook, fact, case, finding, rule, decision. Frozen values, no behaviour."""
