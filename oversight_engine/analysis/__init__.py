"""Claims about more than one decision: what changed between two, what a rulebook leaves open."""
