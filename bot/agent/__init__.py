"""The tool-calling kernel and the router of models: from a prompt to an answer, over whichever models answer."""
