"""One report each; the first line of its docstring says what it answers."""
