"""The command line: `megawatts COMMAND`."""

import os
import sys

from bot.core.errors import MegawattsError


def main(argv: list[str] | None = None) -> None:
    """Run one command. An expected error is one sentence on stderr and exit code 3; `--debug` shows the traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words or bool(os.environ.get("MEGAWATTS_DEBUG"))
    words = [word for word in words if word != "--debug"]
    from bot.app.commands import build  # noqa: PLC0415  (typer is needed from here on only)

    try:
        build(words)(args=words, prog_name="megawatts")
    except MegawattsError as error:
        if debug:
            raise
        sys.stderr.write(f"megawatts: {error}\n")
        sys.exit(3)


if __name__ == "__main__":
    main()
