"""Which member is which forge login: said by maintainers alone, so that nobody consents to their own wish."""

import re
from typing import Annotated

from bot.extensions._rights import at_home, no, signature
from bot.sdk import HERE, USER, Host, Result, tool

_TABLE = "links"
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?")


def login_of(host: Host, user: str) -> str:
    """The forge login of a member as maintainers set it, in lower case; empty if there is none."""
    row = host.shelf(_TABLE).get(user)
    return str(row["login"]).casefold() if row else ""


def maintainer(host: Host) -> str:
    """The login under which the asking member is a maintainer by the charter; empty if they are none. Only at home."""
    login = login_of(host, host.caller.user)
    return login if at_home(host) and login in host.home.maintainers else ""


@tool(
    "Say which forge login a member has (maintainers).",
    "!link 123456789012345678 octocat",
    command="link",
    needs=(_TABLE, "audit"),
    mutates=True,
)
def link_member(
    host: Host, user: Annotated[str, "the member", USER], login: Annotated[str, "their login on the forge, or none"]
) -> Result:
    """Set or take away a link. The first one is made at the machine's own terminal."""
    operator = host.caller.guild == HERE and host.caller.user in host.home.operators
    if not operator and not maintainer(host):
        return no("Only a maintainer may link members, on the home server or at the machine's own terminal.")
    name = login.strip().removeprefix("@")
    clear = name.casefold() in {"none", "-"}
    if not clear and not _LOGIN.fullmatch(name):
        return no(f"{name[:40]!r} is no login: letters, digits and hyphens, at most 39.", "bad_login")
    before = login_of(host, user) or "none"
    host.audit.append(signature(host), "link", f"member {user}", f"{before} -> {'none' if clear else name}")
    if clear:
        host.shelf(_TABLE).delete(user)
        return Result("The link is gone.", "gone", {"user": user})
    host.shelf(_TABLE).put(user, {"login": name, "by": host.caller.user, "at": host.now.isoformat()})
    return Result(
        f"{user} is {name} on the forge: their review of what they asked for does not count.", facts={"login": name}
    )
