"""Strategies that turn findings into patches, one file each; `bot.app.wiring` lists them in order."""
