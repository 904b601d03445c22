"""What `megawatts doctor` asks GitHub: who we are, what we may do, and whether every lock is as the charter wants it.

Each check is a verdict; a look that was not allowed is INCONCLUSIVE, never a pass. No answer holds a secret.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.app.doctor_actions import actions
from bot.app.road_settings import RoadSettings, road
from bot.app.setup.access import Access, AppAccess, access
from bot.app.setup.plan import place_rules
from bot.core.charter import Charter
from bot.core.errors import Denied, MegawattsError, Misconfigured, Unavailable
from bot.core.verdict import Status, Verdict, worst
from bot.policy import charter as charters
from bot.policy import codeowners, people
from bot.policy.app_access import ENGINE, REVERTS, Role, compare
from bot.policy.branch_rules import CI_CHECKS, drift, merges, rulesets
from bot.policy.repository_setup import Named, environments, jobs, named

if TYPE_CHECKING:
    from bot.adapters.github.api import Api
    from bot.adapters.github.installation import Installed
    from bot.adapters.github.repository_settings import RepositorySettings

LOOKED_AT = re.compile(
    r"(?:\.github/)?CODEOWNERS|\.github/(?:charter|people)\.toml|\.github/(?:workflows|actions)/.+\.ya?ml"
)
SKEW = 30.0
"""Seconds that our clock may differ: an App's signature is good from one minute ago, for ten."""
SHORTEST = 16
_TOO_MUCH = ("admin:org", "delete_repo", "admin:enterprise", "site_admin")


@dataclass
class Look:
    """One look at a repository: every answer is asked for once, whichever check comes first."""

    access: Access
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @cached_property
    def api(self) -> "Api":
        return self.access.client()

    @cached_property
    def settings(self) -> "RepositorySettings":
        from bot.adapters.github.repository_settings import RepositorySettings  # noqa: PLC0415  (PyGithub)

        return RepositorySettings(self.api, self.access.repository)

    @cached_property
    def branch(self) -> str:
        return self.settings.default_branch()

    @cached_property
    def texts(self) -> Mapping[str, str]:
        return self.settings.texts(self.branch, LOOKED_AT)

    @cached_property
    def charter(self) -> Charter:
        text = self.texts.get(charters.PATH)
        if text is None:
            raise Misconfigured(f"{self.branch} has no {charters.PATH}: run `megawatts init --github`")
        return charters.parse(text, f"{charters.PATH} at {self.branch}")

    @cached_property
    def used(self) -> Named:
        return named({path: text for path, text in self.texts.items() if path.endswith((".yml", ".yaml"))})

    @cached_property
    def holding(self) -> Sequence[Mapping[str, Any]]:
        """The rules that hold on the base branch, from wherever they come."""
        return self.api.pages(f"/repos/{self.access.repository}/rules/branches/{self.branch}")

    @property
    def effective(self) -> frozenset[str]:
        """Their types."""
        return frozenset(str(row.get("type")) for row in self.holding)

    @cached_property
    def engine(self) -> "Installed":
        return self.access.signed(self.access.engine).installed(self.access.repository)

    @cached_property
    def reverts(self) -> "Installed":
        return self.access.signed(self.access.reverts).installed(self.access.repository)


def examine(given: RoadSettings | None = None, only: Collection[str] = ()) -> list[Verdict]:
    """Every check of a repository on GitHub, or those named; one line that says so where no repository is set."""
    try:
        found = access("", road() if given is None else given)
    except Misconfigured as error:
        return [Verdict("github", Status.FAIL, str(error))]
    if not found.repository:
        return [Verdict("github", Status.PASS, "not used: GITHUB_REPOSITORY is not set (docs/github.md)")]
    look = Look(found)
    return [_tried(name, check, look) for name, check in CHECKS.items() if name in only or not only]


def _tried(name: str, check: "Check", look: Look) -> Verdict:
    try:
        return check(name, look)
    except (Denied, Unavailable) as error:
        # A repository that is not there is wrong; a look that was not allowed leaves open what is there.
        return Verdict(name, Status.FAIL if check is identity else Status.INCONCLUSIVE, str(error))
    except MegawattsError as error:
        return Verdict(name, Status.FAIL, str(error))
    except Exception as error:  # noqa: BLE001  (one broken check must not hide the others; its text may hold anything)
        return Verdict(name, Status.ERROR, f"could not be checked ({type(error).__name__})")


Check = Callable[[str, Look], Verdict]


def identity(name: str, look: Look) -> Verdict:
    """The token or App is taken, and the repository's base branch is the charter's."""
    base, ours = look.branch, look.charter.base_branch
    if base != ours:
        fix = f"change base_branch in {charters.PATH}, or the default branch on GitHub"
        return Verdict(name, Status.FAIL, f"the default branch is {base}, the charter is about {ours}: {fix}")
    if look.access.token:
        answer = look.api.ask("/user", {})
        granted = {one.strip() for one in answer.headers.get("x-oauth-scopes", "").split(",")}
        much = sorted(granted.intersection(_TOO_MUCH))
        if much:
            return Verdict(
                name, Status.FAIL, f"the token may {', '.join(much)}, which nothing here needs: make another"
            )
        who = "a personal token, which is for trials and for looking: checks cannot be bound to it"
    else:
        who = f"{look.engine.slug}, App {look.engine.app_id}"
    return Verdict(name, Status.PASS, f"{look.access.repository} as {who}")


def permissions(name: str, look: Look) -> Verdict:
    """Both Apps have what they need and nothing beyond, and are two."""
    queue = "merge_queue" in look.effective
    both = ((ENGINE, look.access.engine, "engine"), (REVERTS, look.access.reverts, "reverts"))
    if look.access.engine.app_id and look.access.engine.app_id == look.access.reverts.app_id:
        return Verdict(
            name, Status.FAIL, "one App is named for both, so that the split of rules holds nothing: make two"
        )
    return worst(name, [_app(role, look, at, app, queue=queue) for role, app, at in both])


def _app(role: Role, look: Look, at: str, app: AppAccess, *, queue: bool) -> Verdict:
    if not app:
        fix = f"register it (docs/github.md) and set {app.prefix}_ID"
        return Verdict(f"App {role.name}", Status.FAIL, f"is not set, and without it no rule is bound: {fix}")
    there: Installed = getattr(look, at)
    if there.suspended:
        return Verdict(
            f"App {role.name}", Status.FAIL, f"{there.slug} is suspended: take that back where it is installed"
        )
    return compare(role, there.permissions, queue=queue)


def rules(name: str, look: Look) -> Verdict:
    """Every ruleset is as the charter wants; each drift by the rule's name."""
    wanted = rulesets(look.charter, look.access.apps(), queue="merge_queue" in look.effective)
    there = look.settings.rulesets()
    parts = [drift(one, there.get(one.name)) for one in wanted]
    found = worst(name, parts)
    if found.status is Status.FAIL:
        said = "; ".join(f"{part.name}: {part.because}" for part in parts if part.status is Status.FAIL)
        return Verdict(name, Status.FAIL, f"{said}; `megawatts init --github` mends it", found.children)
    return found


def merging(name: str, look: Look) -> Verdict:
    """The base branch takes merge commits."""
    return replace(merges(look.holding, look.api.get(f"/repos/{look.access.repository}")), name=name)


def files(name: str, look: Look) -> Verdict:
    """Charter, CODEOWNERS and the list of people hold at the base branch, and GitHub reads CODEOWNERS as we do."""
    text = look.texts.get(codeowners.PATH)
    parts = [codeowners.same(text or "", look.charter)]
    if ".github/CODEOWNERS" in look.texts:
        parts.append(Verdict("CODEOWNERS", Status.FAIL, ".github/CODEOWNERS is read in its place: remove it"))
    listed = look.texts.get(people.PATH)
    known = people.parse(listed) if listed is not None else people.People()
    parts.append(Verdict("people", Status.PASS, f"{len(known.links)} members are linked to a login"))
    odd = look.api.get(f"/repos/{look.access.repository}/codeowners/errors").get("errors") or ()
    if odd:
        said = "; ".join(f"line {one.get('line')}: {one.get('kind')}" for one in odd[:5])
        fix = "give those people or teams write access, or correct the charter"
        parts.append(Verdict("owners", Status.FAIL, f"GitHub cannot read all of CODEOWNERS ({said}): {fix}"))
    return worst(name, parts)


def checks(name: str, look: Look) -> Verdict:
    """The checks that the rules require are jobs that exist; one that nobody posts would hold every change back."""
    there = jobs(look.texts)
    gone = [one for one in CI_CHECKS if one not in there]
    if gone:
        fix = "run `megawatts init --github`, or mend the workflows"
        return Verdict(name, Status.FAIL, f"no workflow has a job named {' or '.join(gone)}: {fix}")
    queue = "a merge queue is on" if "merge_queue" in look.effective else "no merge queue"
    return Verdict(name, Status.PASS, f"{', '.join(CI_CHECKS)} are jobs of the workflows; {queue}")


def names(name: str, look: Look) -> Verdict:
    """Secrets and variables that workflows name are set, and environments are closed to pull requests."""
    parts = []
    for kind, used in (("secrets", look.used.secrets), ("variables", look.used.variables)):
        gone = sorted(used - look.settings.names(kind)) if used else []
        because = f"{', '.join(gone)} is not set: add it in the repository's settings" if gone else f"{len(used)} set"
        parts.append(Verdict(kind, Status.FAIL if gone else Status.PASS, because))
    there = look.settings.environments()
    for place in environments(look.charter, look.used.environments):
        well = there.get(place.name) == place_rules(place)
        because = (
            "closed to pull requests" if well else "is missing or open to other branches: run `megawatts init --github`"
        )
        parts.append(Verdict(f"environment {place.name}", Status.PASS if well else Status.FAIL, because))
    return worst(name, parts)


def webhook(name: str, look: Look) -> Verdict:
    """The engine's webhook points somewhere, and GitHub's last deliveries got through; polling where there is none."""
    if not look.access.engine:
        return Verdict(name, Status.PASS, "not used: without an App the controller polls")
    signed = look.access.signed(look.access.engine)
    address = signed.hook()
    if not address:
        return Verdict(name, Status.PASS, "not used: the App has none, and the controller polls")
    if not address.startswith("https://"):
        return Verdict(name, Status.FAIL, "its address is not https: deliveries could be read on the way")
    given = [one.strip() for one in look.access.webhook_secret.reveal().split(",") if one.strip()]
    if not given or any(len(one) < SHORTEST for one in given):
        return Verdict(
            name, Status.FAIL, f"GITHUB_WEBHOOK_SECRET is unset or shorter than {SHORTEST}: set it at both ends"
        )
    deaf = sorted(set(ENGINE.events) - set(look.engine.events))
    if deaf:
        return Verdict(
            name, Status.FAIL, f"the App does not hear {', '.join(deaf)}: subscribe it in the App's settings"
        )
    return _delivered(name, signed.deliveries())


def _delivered(name: str, rows: Any) -> Verdict:
    if not rows:
        return Verdict(
            name, Status.INCONCLUSIVE, "nothing was delivered yet: press Redeliver on the ping, in the App's settings"
        )
    last = rows[0]
    if not 200 <= last.status < 300:
        fix = "401 is another secret, 0 is no way to the controller's port"
        return Verdict(
            name, Status.FAIL, f"the last delivery ({last.event}, {last.at}) ended with {last.status}: {fix}"
        )
    return Verdict(name, Status.PASS, f"the last delivery ({last.event}, {last.at}) got through")


def clock(name: str, look: Look) -> Verdict:
    """Our clock is GitHub's: an App signs with the time."""
    said = look.api.ask("/rate_limit", {}).headers.get("date", "")
    try:
        off = (look.now() - parsedate_to_datetime(said)).total_seconds()
    except (TypeError, ValueError):
        return Verdict(name, Status.INCONCLUSIVE, "GitHub's answer told no time")
    if abs(off) > SKEW:
        return Verdict(
            name, Status.FAIL, f"our clock is {abs(off):.0f} s {'ahead' if off > 0 else 'behind'}: set it (NTP)"
        )
    return Verdict(name, Status.PASS, f"within {SKEW:.0f} s of GitHub's")


CHECKS: dict[str, Check] = {
    "github": identity,
    "github permissions": permissions,
    "github rules": rules,
    "github merges": merging,
    "github files": files,
    "github checks": checks,
    "github actions": actions,
    "github names": names,
    "github webhook": webhook,
    "github clock": clock,
}
"""In the order in which people read them."""
