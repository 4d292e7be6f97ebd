"""How fast it is, beside other engines and beside what the machine allows: ratios of one run."""
