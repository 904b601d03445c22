"""What the thin workflows in `.github/` call: events read safely, verdicts shown where GitHub shows them."""
