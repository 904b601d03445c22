"""Reads the sealed list of who is who: members of the home guild, and their logins on the forge.

It is read at the base branch beside the charter, so that people alone change it. What a member says of themselves, or
what the process that hears members has noted, never makes somebody a maintainer.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.ids import UserId
from bot.core.votes import Approval
from bot.policy.consent import logins
from bot.policy.schema import Complaints, Table

PATH = ".github/people.toml"
"""Where the list lives; read at the base commit of whatever is judged. It may be missing: then nobody is known."""

_MEMBER = re.compile(r"[0-9]{15,20}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}")


@dataclass(frozen=True, slots=True)
class People:
    """Login by member; a person with several accounts stands here several times."""

    links: Mapping[UserId, str] = field(default_factory=dict)

    def login_of(self, member: UserId | str) -> str:
        """The member's login in lower case; '' if nobody vouched for one."""
        return self.links.get(UserId(member), "").casefold()

    def members_of(self, login: str) -> frozenset[UserId]:
        """Every account of that login."""
        return frozenset(member for member, name in self.links.items() if name.casefold() == login.casefold())

    def maintainer(self, member: UserId | str, charter: Charter) -> str:
        """The login under which the member is a maintainer by the charter; '' if they are none."""
        login = self.login_of(member)
        return login if login and login in logins(charter.maintainers, charter) else ""


def parse(text: str, where: str = PATH) -> People:
    """The list in a TOML text: `[people]`, then `"member id" = "login"` lines.

    Raises one Misconfigured that tells every error, a line each, with its fix.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{where}: is not valid TOML ({error}); correct that line") from error
    complaints = Complaints(where)
    Table(complaints, "", data, ("people",))
    rows = data.get("people", {})
    table = Table(complaints, "people", rows, rows if isinstance(rows, dict) else ())
    links = _links(table, rows if isinstance(rows, dict) else {})
    if complaints.found:
        raise Misconfigured("\n".join(complaints.found))
    return People(links)


def _links(table: Table, rows: Mapping[str, object]) -> dict[UserId, str]:
    links = {}
    for member in rows:
        login = table.text(member).removeprefix("@")
        if not _MEMBER.fullmatch(member):
            table.complain(member, "is no member's id; write the 15 to 20 digits that Discord shows under Copy User ID")
        if not _LOGIN.fullmatch(login):
            table.complain(member, f"is `{login[:40]}`, which is no login; write it as the forge shows it")
        links[UserId(member)] = login
    return links


def known_logins(asked_by: UserId | None, people: People, noted: Iterable[str] = ()) -> frozenset[str]:
    """Every login that could be the asker's, so that their own review is no consent: the sealed list's and those noted
    elsewhere. Here a doubtful link is safe, since it only takes a voice away."""
    if asked_by is None:
        return frozenset()
    found = {people.login_of(asked_by), *(login.casefold() for login in noted)}
    return frozenset(found - {""})


def vouched(said: Iterable[tuple[UserId, Approval]], people: People, charter: Charter) -> tuple[Approval, ...]:
    """What members said about a head where members talk, as the reviews that count: of maintainers by the sealed list,
    each under the login that it gives them and no other."""
    kept = []
    for member, review in said:
        login = people.maintainer(member, charter)
        if login and login == review.reviewer.casefold():
            kept.append(review)
    return tuple(kept)
