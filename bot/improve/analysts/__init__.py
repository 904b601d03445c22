"""Sources of findings, one file each; `bot.app.wiring` lists them in the order in which they are asked."""
