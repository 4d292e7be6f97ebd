"""What was decided, kept so that any change to the past is noticed, and derived again."""
