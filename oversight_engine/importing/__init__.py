"""What others publish, as cases of ours: one importer for each publication."""
