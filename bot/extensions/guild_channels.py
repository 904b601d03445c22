"""Channels: made, changed, deleted, and who may do what in them."""

from typing import Annotated, Any, Literal

from bot.extensions._guild import TIME, because, named, told
from bot.sdk import (
    ChannelView,
    Host,
    Length,
    MemberView,
    Plan,
    Range,
    Result,
    RoleView,
    Touch,
    deed_of,
    one_line,
    parse_permissions,
    spoken,
    tool,
)

_NEEDS, _MAY = ("guilds",), ("manage_channels",)
_LONGEST_SLOWMODE = 21600
Topic = Annotated[str, "what it is about", Length(0, 1024)]
Slowmode = Annotated[int, "seconds between a member's messages, 0 to 21600", Range(0, _LONGEST_SLOWMODE)]
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


def _shown(options: dict[str, Any]) -> str:
    words = {key: one_line(str(value), 80) for key, value in options.items() if key not in ("name", "channel", "kind")}
    return f" ({'; '.join(f'{key}: {value}' for key, value in words.items())})" if words else ""


def _into(parent: ChannelView | None) -> str:
    return f"{one_line(parent.name, 60)} is no category; name one" if parent and parent.kind != "category" else ""


@tool(
    "Create a text channel, a voice channel or a category.",
    "!channel create plans",
    command="channel create",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=10,
)
async def create_channel(
    host: Host,
    *,
    name: Annotated[str, "name of the channel", Length(1, 100)],
    kind: Literal["text", "voice", "category"] = "text",
    parent_id: ChannelView | None = None,
    topic: Topic = "",
    slowmode: Slowmode = 0,
    nsfw: Annotated[bool, "for adults only"] = False,
    user_limit: Annotated[int, "most members in a voice channel", Range(0, 99)] = 0,
    reason: Reason = "",
) -> Plan | Result:
    """In a category that the asker may manage, or at the top."""
    if problem := _into(parent_id) or ("a category is in no category" if parent_id and kind == "category" else ""):
        return Result(f"That did not work: {problem}.", "bad_arguments", ok=False)
    fitting: dict[str, dict[str, Any]] = {
        "text": {"topic": topic, "slowmode": slowmode, "nsfw": nsfw},
        "voice": {"user_limit": user_limit},
    }
    options: dict[str, Any] = {key: value for key, value in fitting.get(kind, {}).items() if value}
    if parent_id is not None:
        options["parent"] = parent_id.id
    called = one_line(name, 100)
    return Plan(
        f"Create the {kind} channel {called}{_shown(options)}{because(reason)}.",
        Touch(channels=(parent_id,) if parent_id else ()),
        lambda done: Result(f"The channel {done['name']} is there: <#{done['id']}>.", facts={"id": done["id"]}),
        deed_of(host, "create_channel", reason, name=called, kind=kind, **options),
    )


@tool(
    "Change a channel: name, topic, category, slow mode.",
    "!channel edit #plans topic:next week",
    command="channel edit",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=10,
)
async def update_channel(
    host: Host,
    *,
    channel_id: ChannelView,
    name: Annotated[str, "new name", Length(0, 100)] = "",
    topic: Annotated[str | None, "what it is about", Length(0, 1024)] = None,
    parent_id: ChannelView | None = None,
    slowmode: Slowmode | None = None,
    nsfw: Annotated[bool | None, "for adults only"] = None,
    user_limit: Annotated[int, "most members in a voice channel", Range(0, 99)] | None = None,
    reason: Reason = "",
) -> Plan | Result:
    """Only what is given changes."""
    if problem := _into(parent_id):
        return Result(f"That did not work: {problem}.", "bad_arguments", ok=False)
    given = {"topic": topic, "slowmode": slowmode, "nsfw": nsfw, "user_limit": user_limit}
    options: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if parent_id is not None:
        options["parent"] = parent_id.id
    if name:
        options["name"] = one_line(name, 100)
    if not options:
        return Result("Say what to change: name, topic, parent, slowmode, nsfw or user_limit.", "nothing", ok=False)
    renamed = f" to {options['name']}" if name else ""
    return Plan(
        f"Change {named(channel_id)}{renamed}{_shown(options)}{because(reason)}.",
        Touch(channels=(channel_id, parent_id) if parent_id else (channel_id,)),
        told(f"{named(channel_id)} is changed."),
        deed_of(host, "update_channel", reason, channel=channel_id.id, **options),
    )


@tool(
    "Delete a channel.",
    "!channel delete #plans",
    command="channel delete",
    needs=_NEEDS,
    permissions=_MAY,
    destructive=True,
    timeout=TIME,
    per_minute=5,
)
async def delete_channel(host: Host, channel_id: ChannelView, reason: Reason = "") -> Plan:
    """With everything in it; that cannot be taken back."""
    return Plan(
        f"Delete {named(channel_id)} ({channel_id.id}) with everything in it{because(reason)}.",
        Touch(channels=(channel_id,)),
        told(f"The channel {one_line(channel_id.name, 60)} is deleted."),
        deed_of(host, "delete_channel", reason, channel=channel_id.id),
    )


@tool(
    "Set what a role or a member may do in a channel.",
    "!channel permissions #plans role:@Helpers allow:Send Messages",
    command="channel permissions",
    needs=_NEEDS,
    permissions=("manage_roles",),
    mutates=True,
    timeout=TIME,
    per_minute=10,
)
async def set_channel_permissions(
    host: Host,
    *,
    channel_id: ChannelView,
    role_id: RoleView | None = None,
    user_id: MemberView | None = None,
    allow: Annotated[str, "permissions to allow, with commas", Length(0, 600)] = "",
    deny: Annotated[str, "permissions to deny", Length(0, 600)] = "",
    clear: Annotated[str, "permissions that follow the server again", Length(0, 600)] = "",
    reason: Reason = "",
) -> Plan | Result:
    """Changes the named permissions and leaves the others; nobody changes one that they do not hold there."""
    target = role_id or user_id
    if target is None or (role_id and user_id):
        return Result("Name one role or one member whose permissions to set.", "bad_arguments", ok=False)
    sets, problems = zip(*(parse_permissions(text) for text in (allow, deny, clear)), strict=True)
    allowed, denied, cleared = sets
    every = allowed | denied | cleared
    problem = next(filter(None, problems), "")
    if len(every) != len(allowed) + len(denied) + len(cleared):
        problem = problem or "one permission stands in two of allow, deny and clear"
    if problem or not every:
        text = f"That did not work: {problem or 'name permissions to allow, deny or clear'}."
        return Result(text, "bad_arguments", ok=False)
    parts = (("allow", allowed), ("deny", denied), ("clear", cleared))
    words = "; ".join(f"{word} {spoken(names)}" for word, names in parts if names)
    options: dict[str, Any] = {"role": role_id.id} if role_id else {"user": target.id}
    return Plan(
        f"In {named(channel_id)}, for {named(target)}: {words}{because(reason)}.",
        Touch(channels=(channel_id,), role=role_id, member=user_id, against=bool(denied and user_id), gives=every),
        told(f"The permissions of {named(target)} in {named(channel_id)} are set."),
        deed_of(
            host,
            "set_channel_permissions",
            reason,
            channel=channel_id.id,
            allow=sorted(allowed),
            deny=sorted(denied),
            clear=sorted(cleared),
            **options,
        ),
    )
