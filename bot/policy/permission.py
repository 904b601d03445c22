"""Whether a member may have something done: the lesser of their permissions and the bot's, hierarchy included."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.guild import ChannelView, MemberView, Permissions, RoleView
from bot.core.ids import ChannelId, RoleId
from bot.core.verdict import Status, Verdict, worst
from bot.policy.permission_names import spoken

ADMINISTRATOR = "administrator"
NO_CHANNEL = "there is no such channel here; name one that you can see"
"""For a channel that is not there and for one that the asker cannot see: nobody learns which."""

RoleUse = Literal["give", "take", "change", "delete", "name"]
"""`name`: the role only stands in a channel's overwrite."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What a call is about to touch, seen freshly. All fields are about this one call."""

    channels: tuple[ChannelView, ...] = ()
    """Permissions are counted in each of these; without any, in the guild as a whole."""
    member: MemberView | None = None
    against: bool = False
    """It is done to the member and not for them: ban, kick, time out, warn, take a role, deny something."""
    by_bot: bool = True
    """The bot acts on Discord; without that (a warning is the house's own) its rank does not matter."""
    role: RoleView | None = None
    use: RoleUse = "name"
    gives: Permissions = frozenset()
    """Permissions that somebody has or lacks afterwards through this: both sides must hold every one."""
    lifts: int = 0
    """Position that the role gets."""
    asker_needs: Permissions = frozenset()
    """Beyond what the tool needs, of the asker alone."""
    needs: Permissions = frozenset()
    """Beyond what the tool needs, of both."""


@dataclass(frozen=True, slots=True)
class Powers:
    """What both sides may do now. `there`: permissions of the asker and of the bot by channel, overwrites counted."""

    asker: MemberView
    bot: MemberView
    there: Mapping[ChannelId, tuple[Permissions, Permissions]] = field(default_factory=dict)


def may(
    tool: str, needs: Permissions, powers: Powers, touch: Touch, grants: Mapping[str, frozenset[RoleId]]
) -> Verdict:
    """PASS only if the asker and the bot may both do it, and no grant keeps it for others. The worst child speaks."""
    checks = [_granted(tool, powers.asker, grants)]
    checks += _seen(powers, touch)
    checks += _held(needs | touch.needs, powers, touch)
    if touch.gives:
        checks.append(_gives(powers, touch))
    if touch.role is not None:
        checks.append(_role(touch.role, powers, touch))
    if touch.lifts:
        checks.append(_lifts(powers, touch))
    if touch.member is not None:
        checks.append(_member(touch.member, powers, touch))
    failed = [check for check in checks if not check.passed]
    if failed:
        return Verdict(tool, Status.FAIL, failed[0].because, tuple(checks))
    return worst(tool, checks)


def _granted(tool: str, asker: MemberView, grants: Mapping[str, frozenset[RoleId]]) -> Verdict:
    roles = grants.get(tool)
    if roles is None or roles & asker.roles:
        return _yes("grant")
    return _no("grant", f"the admins of this server keep {tool} for certain roles, and you have none of them")


def _seen(powers: Powers, touch: Touch) -> list[Verdict]:
    checks = []
    for channel in touch.channels:
        asker, bot = powers.there.get(channel.id, (frozenset(), frozenset()))
        if not _holds(asker, "view_channel"):
            checks.append(_no("channel", NO_CHANNEL))
        elif not _holds(bot, "view_channel"):
            checks.append(_no("channel", f"I cannot see #{channel.name}; give me View Channel there first"))
        else:
            checks.append(_yes("channel"))
    return checks


def _held(needs: Permissions, powers: Powers, touch: Touch) -> list[Verdict]:
    """The permissions in every channel concerned, or in the guild."""
    checks = []
    for where, asker, bot in _grounds(powers, touch):
        mine, theirs = _lacks(bot, needs), _lacks(asker, needs | touch.asker_needs)
        checks.append(
            _no("asker", f"you need the permission {spoken(theirs)}{where} for that") if theirs else _yes("asker")
        )
        checks.append(
            _no("bot", f"I need the permission {spoken(mine)}{where} for that; an admin can give it to my role")
            if mine
            else _yes("bot")
        )
    return checks


def _grounds(powers: Powers, touch: Touch) -> list[tuple[str, Permissions, Permissions]]:
    """Where permissions are counted. What a role gives holds everywhere: what is held in one channel is not enough."""
    nothing: tuple[Permissions, Permissions] = (frozenset(), frozenset())
    grounds = [(f" in #{one.name}", *powers.there.get(one.id, nothing)) for one in touch.channels]
    if not grounds or (touch.role is not None and touch.use != "name"):
        grounds.append(("", powers.asker.permissions, powers.bot.permissions))
    return grounds


def _gives(powers: Powers, touch: Touch) -> Verdict:
    """Nobody hands on, or takes away, a permission that they do not hold themselves."""
    for where, asker, bot in _grounds(powers, touch):
        if touch.use == "name" and where and "manage_roles" in touch.gives and not (_admin(asker) and _admin(bot)):
            return _no("gives", "Manage Permissions in a channel can only be changed between administrators")
        if theirs := _lacks(asker, touch.gives):
            return _no(
                "gives", f"you do not hold {spoken(theirs)}{where} yourself, so that you cannot change it for others"
            )
        if mine := _lacks(bot, touch.gives):
            return _no("gives", f"I do not hold {spoken(mine)}{where} myself, so that I cannot change it for others")
    return _yes("gives")


def _role(role: RoleView, powers: Powers, touch: Touch) -> Verdict:
    everyone, name = role.position <= 0, role.name
    moved = touch.use in ("give", "take", "delete")
    refusals = (
        (moved and everyone, "@everyone belongs to everyone; it can be neither given, taken nor deleted"),
        (
            touch.use != "name" and role.managed,
            f"the role {name} belongs to an integration; only its own settings change it",
        ),
        (
            touch.use != "give" and not everyone and role.id in powers.bot.roles,
            f"the role {name} is one of my own; I do not change what I may do",
        ),
        (not everyone and not _above(powers.asker, role.position), f"the role {name} is not below your highest role"),
        (
            not everyone and not _above(powers.bot, role.position),
            f"the role {name} is not below my highest role; an admin can move mine above it",
        ),
    )
    return _first("role", refusals)


def _lifts(powers: Powers, touch: Touch) -> Verdict:
    if not _above(powers.asker, touch.lifts):
        return _no("position", f"position {touch.lifts} is not below your highest role")
    if not _above(powers.bot, touch.lifts):
        return _no("position", f"position {touch.lifts} is not below my highest role")
    return _yes("position")


def _member(member: MemberView, powers: Powers, touch: Touch) -> Verdict:
    asker, bot, name = powers.asker, powers.bot, member.name
    refusals = (
        (member.id == bot.id, "that is me; I do not act on myself"),
        (touch.against and member.id == asker.id, "that is you; I do not do that to the one who asks"),
        (
            member.owner and (touch.against or not asker.owner),
            f"{name} owns this server; nobody acts on the owner",
        ),
        (touch.against and not _above(asker, member.top), f"the highest role of {name} is not below yours"),
        (
            touch.against and touch.by_bot and not _above(bot, member.top),
            f"the highest role of {name} is not below mine; an admin can move mine up",
        ),
    )
    return _first("member", refusals)


def _first(name: str, refusals: Iterable[tuple[bool, str]]) -> Verdict:
    because = next((text for applies, text in refusals if applies), "")
    return _no(name, because) if because else _yes(name)


def _above(member: MemberView, position: int) -> bool:
    return member.owner or member.top > position


def _admin(permissions: Permissions) -> bool:
    return ADMINISTRATOR in permissions


def _holds(permissions: Permissions, name: str) -> bool:
    return name in permissions or _admin(permissions)


def _lacks(permissions: Permissions, needs: Permissions) -> Permissions:
    return frozenset() if _admin(permissions) else needs - permissions


def _yes(name: str) -> Verdict:
    return Verdict(name, Status.PASS, "may")


def _no(name: str, because: str) -> Verdict:
    return Verdict(name, Status.FAIL, because)
