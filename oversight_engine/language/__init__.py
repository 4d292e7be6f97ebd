"""Text and files into rulebooks and cases, and back; every problem with its place."""
