"""Health from the bot processes' own metrics pages, for machines without a Prometheus server."""
