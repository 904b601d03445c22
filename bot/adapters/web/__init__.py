"""The small HTTP face of the bot process: chat, health and metrics, on loopback unless told otherwise."""
