"""One module per command; `main` is the entry point."""
