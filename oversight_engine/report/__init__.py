"""The formats: one page or decision as text, Markdown, CSV or JSON."""
