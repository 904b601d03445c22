"""The embedded deployer: follows the base branch, runs the bot blue/green, keeps the one before warm."""
