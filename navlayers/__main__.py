"""`python -m navlayers` is the command `navlayers`."""

from navlayers.cli import main

main()
