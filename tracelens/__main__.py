"""`python -m tracelens` is the command line."""

from tracelens.cli import main

main(prog_name="tracelens")
