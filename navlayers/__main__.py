"""The command `navlayers`, which is also `python -m navlayers`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line and exit."""
    # Ctrl-C during the imports would print a traceback. Background jobs of shells ignore it, and still do.
    default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if default:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from navlayers.cli import main as run  # noqa: PLC0415

    if default:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
