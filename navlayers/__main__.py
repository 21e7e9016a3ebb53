"""The command `navlayers`, which is also `python -m navlayers`."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run the command line and exit."""
    # Sets are many small objects and no cycles: looking for these by default takes 5-7 % of the CPU time.
    gc.set_threshold(100_000)
    # Ctrl-C during the imports would print a traceback. Background jobs of shells ignore it, and still do.
    default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if default:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from navlayers.cli import main as run  # noqa: PLC0415

    if default:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        run()
    finally:
        # Python looks for cycles once more at its end, which for all objects of a run takes 5 % of its time.
        gc.freeze()


if __name__ == "__main__":
    main()
