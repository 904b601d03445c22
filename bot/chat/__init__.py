"""The conversation: from a member's message to an answer, whatever carries them."""
