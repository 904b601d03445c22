"""Roles: made, changed, deleted, given and taken."""

import re
from typing import Annotated, Any

from bot.extensions._guild import TIME, because, named, told
from bot.sdk import (
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

_NEEDS, _MAY = ("guilds",), ("manage_roles",)
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})|0x([0-9a-fA-F]{1,6})")
Name = Annotated[str, "name of the role", Length(1, 100)]
Colour = Annotated[str, "colour such as #ff8800"]
Rights = Annotated[str, "permissions with commas, as Discord names them: Send Messages, Connect", Length(0, 600)]
Reason = Annotated[str, "why, for the audit log", Length(0, 300)]


def _look(name: str, color: str, hoist: bool | None, mentionable: bool | None) -> tuple[dict[str, Any], str]:
    """What the role looks like, and what is wrong with it, or ''."""
    options: dict[str, Any] = {"name": one_line(name, 100)} if name else {}
    if color:
        found = _COLOUR.fullmatch(color.strip())
        if found is None:
            return {}, f"{one_line(color, 20)!r} is no colour; write it like #ff8800"
        options["color"] = int(found[1] or found[2], 16)
    chosen = {"hoist": hoist, "mentionable": mentionable}
    return options | {key: value for key, value in chosen.items() if value is not None}, ""


def _shown(options: dict[str, Any]) -> str:
    words = {key: value for key, value in options.items() if key not in ("name", "role", "permissions")}
    if "color" in words:
        words["color"] = f"#{words['color']:06x}"
    if "permissions" in options:
        words["permissions"] = spoken(frozenset(options["permissions"])) or "none"
    return "; ".join(f"{key}: {value}" for key, value in words.items())


@tool(
    "Create a role.",
    "!role create Helpers",
    command="role create",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=10,
)
async def create_role(
    host: Host,
    *,
    name: Name,
    permissions: Rights = "",
    color: Colour = "",
    hoist: Annotated[bool, "show its members apart"] = False,
    mentionable: Annotated[bool, "anybody may mention it"] = False,
    reason: Reason = "",
) -> Plan | Result:
    """A new role at the bottom of the list, with no permission that the asker lacks."""
    options, problem = _look(name, color, hoist or None, mentionable or None)
    given, wrong = parse_permissions(permissions)
    if problem or wrong:
        return Result(f"That did not work: {problem or wrong}.", "bad_arguments", ok=False)
    options["permissions"] = sorted(given)
    says = f"Create the role {options['name']} ({_shown(options)}){because(reason)}."
    return Plan(
        says,
        Touch(gives=given),
        lambda done: Result(f"The role {options['name']} is there ({done['id']}).", facts={"id": done["id"]}),
        deed_of(host, "create_role", reason, **options),
    )


@tool(
    "Change a role: name, permissions, colour, place in the list.",
    "!role edit @Helpers name:Guides",
    command="role edit",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=10,
)
async def update_role(
    host: Host,
    *,
    role_id: RoleView,
    name: Annotated[str, "new name", Length(0, 100)] = "",
    permissions: Annotated[str, "all permissions it has from now on, or none", Length(0, 600)] = "",
    color: Colour = "",
    hoist: Annotated[bool | None, "show its members apart"] = None,
    mentionable: Annotated[bool | None, "anybody may mention it"] = None,
    position: Annotated[int, "place in the list, 1 is the lowest", Range(1, 250)] | None = None,
    reason: Reason = "",
) -> Plan | Result:
    """Only what is given changes; every permission that changes must be held by the asker and by the bot."""
    options, problem = _look(name, color, hoist, mentionable)
    none = permissions.strip().casefold() == "none"
    given, wrong = parse_permissions("" if none else permissions)
    if problem or wrong:
        return Result(f"That did not work: {problem or wrong}.", "bad_arguments", ok=False)
    if permissions.strip():
        options["permissions"] = sorted(given)
    if position is not None:
        options["position"] = position
    if not options:
        return Result(
            "Say what to change: name, permissions, color, hoist, mentionable or position.", "nothing", ok=False
        )
    changed = given ^ role_id.permissions if "permissions" in options else frozenset[str]()
    renamed = f" to {options['name']}" if "name" in options else ""
    says = f"Change the role {named(role_id)}{renamed} ({_shown(options)}){because(reason)}."
    touch = Touch(role=role_id, use="change", gives=changed, lifts=position or 0)
    return Plan(
        says,
        touch,
        told(f"The role {named(role_id)} is changed."),
        deed_of(host, "update_role", reason, role=role_id.id, **options),
    )


@tool(
    "Delete a role.",
    "!role delete @Helpers",
    command="role delete",
    needs=_NEEDS,
    permissions=_MAY,
    destructive=True,
    timeout=TIME,
    per_minute=10,
)
async def delete_role(host: Host, role_id: RoleView, reason: Reason = "") -> Plan:
    """Its members lose it; that cannot be taken back."""
    says = f"Delete the role {named(role_id)}; all its members lose it{because(reason)}."
    deed = deed_of(host, "delete_role", reason, role=role_id.id)
    touch = Touch(role=role_id, use="delete")
    return Plan(says, touch, told(f"The role {named(role_id)} is deleted."), deed)


@tool(
    "Give a member a role.",
    "!role give @Ann @Helpers",
    command="role give",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=20,
)
async def assign_role(host: Host, user_id: MemberView, role_id: RoleView, reason: Reason = "") -> Plan | Result:
    """A role below the asker's own, with no permission that the asker lacks."""
    if role_id.id in user_id.roles:
        return Result(f"{named(user_id)} has the role {named(role_id)} already.", "had")
    touch = Touch(member=user_id, role=role_id, use="give", gives=role_id.permissions)
    return Plan(
        f"Give {named(user_id)} the role {named(role_id)}{because(reason)}.",
        touch,
        told(f"{named(user_id)} has the role {named(role_id)} now."),
        deed_of(host, "assign_role", reason, user=user_id.id, role=role_id.id),
    )


@tool(
    "Take a role from a member.",
    "!role take @Ann @Helpers",
    command="role take",
    needs=_NEEDS,
    permissions=_MAY,
    mutates=True,
    timeout=TIME,
    per_minute=20,
)
async def remove_role(host: Host, user_id: MemberView, role_id: RoleView, reason: Reason = "") -> Plan | Result:
    """From oneself, or from a member below the asker."""
    if role_id.id not in user_id.roles:
        return Result(f"{named(user_id)} does not have the role {named(role_id)}.", "had_not")
    touch = Touch(member=user_id, against=user_id.id != host.caller.user, role=role_id, use="take")
    return Plan(
        f"Take the role {named(role_id)} from {named(user_id)}{because(reason)}.",
        touch,
        told(f"{named(user_id)} no longer has the role {named(role_id)}."),
        deed_of(host, "remove_role", reason, user=user_id.id, role=role_id.id),
    )
