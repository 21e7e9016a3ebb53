"""The command `navlayers`, which is also `python -m navlayers`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line and exit."""
    # Ctrl-C during the imports would print a traceback. Background jobs of shells ignore it, and still do.
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from navlayers.cli import main as run  # noqa: PLC0415

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
