"""Ledgers that somebody tampered with: what was done to each, what finds it, and what that says."""
