"""Discord, over discord.py: what members say there, and what is said and done back."""
