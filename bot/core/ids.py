"""Names that are not mere strings."""

from typing import NewType

UserId = NewType("UserId", str)
GuildId = NewType("GuildId", str)
ChannelId = NewType("ChannelId", str)
"""A channel or a thread."""
MessageId = NewType("MessageId", str)
RoleId = NewType("RoleId", str)
ProposalId = NewType("ProposalId", str)
"""Stable name of an idea: the fingerprint of its finding, or of a member's words. Also names its branch."""
PullNumber = NewType("PullNumber", int)
Sha = NewType("Sha", str)
"""A full git commit id, 40 lower-case hex digits."""
Tree = NewType("Tree", str)
"""A full git tree id: the identity of content, whatever commit carries it."""
