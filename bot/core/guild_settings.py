"""What the admins of one guild have chosen; narrower than the house's limits, never wider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.core.ids import ChannelId, GuildId, RoleId, UserId

Links = Literal["any", "listed", "none"]


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """Settings of one guild; the defaults are those of a guild that was never set up."""

    guild: GuildId
    language: str = ""
    """BCP 47; empty: each member's own."""
    prefix: str = ""
    """Of commands; empty: as in the environment."""
    listens: frozenset[ChannelId] = frozenset()
    """Channels where the bot answers without being mentioned."""
    ignores: frozenset[ChannelId] = frozenset()
    """Channels where it neither answers nor remembers."""
    vote_channel: ChannelId = ChannelId("")
    log_channel: ChannelId = ChannelId("")
    welcome_channel: ChannelId = ChannelId("")
    welcome_text: str = ""
    """`{name}` and `{server}` are filled in; empty: nobody is welcomed."""
    retention_days: int = 30
    """Days that lines of conversation are kept; 0 keeps none beyond the window of this process."""
    memory: bool = True
    """Whether long-term memory may be offered here at all; members still opt in themselves."""
    vote_roles: frozenset[RoleId] = frozenset()
    moderation: bool = True
    words: tuple[str, ...] = ()
    """Not to be said here; compared after normalisation."""
    links: Links = "any"
    domains: frozenset[str] = frozenset()
    """Domains that may be linked where links are `listed`."""
    invites: bool = True
    """Whether members may post invites to other guilds."""
    per_user: int = 20
    """Messages a minute that one member may send to the bot, 1 to 60."""
    per_guild: int = 300
    """Messages a minute of the whole guild, 10 to 3000."""
    insights: bool = False
    """Whether it is counted what members come for: how many, never who."""
    grants: Mapping[str, frozenset[RoleId]] = field(default_factory=dict)
    """Tool to the roles that alone may use it here; it can only narrow what permissions allow."""
    paused: str = ""
    """Why an admin stopped the bot in this guild: it then answers their commands only; empty: it was not stopped."""
    beta: bool = False
    """Whether a new version answers here first, while it runs beside the old one."""
    version: int = 0


class GuildBook(Protocol):
    """Settings by guild, read on every message: reads come from this process, writes are audited and versioned."""

    def read(self, guild: GuildId) -> GuildSettings: ...
    def change(self, guild: GuildId, changes: Mapping[str, Any], by: UserId) -> GuildSettings:
        """Apply checked changes. Raises Misconfigured naming key, value and what is allowed."""
        ...

    def undo(self, guild: GuildId, by: UserId) -> GuildSettings:
        """Back to the version before; raises Misconfigured if there is none."""
        ...
