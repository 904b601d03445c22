"""Nearest texts by meaning and by words: Qdrant in a process beside the bot or on a server, and the embeddings."""
