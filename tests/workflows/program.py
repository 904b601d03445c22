"""`megawatts`, as the small repository's own script would have installed it."""

from bot.__main__ import main
from bot.app import commands

# Until the table of commands names them.
for name, module in {"ci": "ci.cmd", "promote": "promote_cmd", "red-team": "red_team_cmd"}.items():
    commands.COMMANDS.setdefault(name, module)

if __name__ == "__main__":
    main()
