"""`megawatts`, as the small repository's own script would have installed it."""

from bot.__main__ import main
from bot.app import commands

# Until the table of commands names them.
commands.COMMANDS.setdefault("ci", "ci.cmd")

if __name__ == "__main__":
    main()
