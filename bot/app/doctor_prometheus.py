"""What `megawatts doctor` asks Prometheus: whether it answers, which revisions it knows, what health is read from.

The queries are the health source's own, so that what is well here is what the loop will read.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.road_settings import RoadSettings, road
from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from bot.core.health import MetricRule
from bot.core.ids import Sha
from bot.core.text import one_line
from bot.core.verdict import Status, Verdict
from bot.policy.blame import VOLUNTARY
from bot.policy.figures import FIGURES, Sample, figure_of, names, there

if TYPE_CHECKING:
    from bot.adapters.prometheus.client import Rows, Server

ROOT = Path(__file__).parent.parent.parent
MOST = 8
"""Revisions that are asked about."""
WITHIN = 60.0
"""Seconds for all questions."""
_SHA = 40
Rules = Callable[[], Sequence[MetricRule]]


def examine(given: RoadSettings | None = None, rules: Rules | None = None) -> list[Verdict]:
    """Every check of the Prometheus that sees what runs; one row that says so where none is set.

    `rules`: the charter's; None: of the charter at the base branch on GitHub, or beside the code without one.
    """
    try:
        found = road() if given is None else given
    except Misconfigured:
        return []  # told by the row `github`
    if not found.prometheus_url:
        return [Verdict("prometheus", Status.PASS, "not used: PROMETHEUS_URL is not set (docs/monitoring.md)")]
    try:
        return asyncio.run(_asked(found, (lambda: _charters(found)) if rules is None else rules))
    except TimeoutError:
        return [Verdict("prometheus", Status.FAIL, f"did not answer everything within {WITHIN:g} s: look at its load")]


async def _asked(given: RoadSettings, rules: Rules) -> list[Verdict]:
    from bot.adapters.prometheus.queries import labels_of  # noqa: PLC0415  (only where there is one)
    from bot.app.road import open_metrics  # noqa: PLC0415

    try:
        async with asyncio.timeout(WITHIN):
            server = open_metrics(given)
            where = labels_of(given.prometheus_labels)
            await server.query("vector(1)")
            builds = await _builds(server, where)
            everywhere = builds if builds or not where else await _builds(server, {})
            found = [Verdict("prometheus", Status.PASS, "answers queries"), revisions(builds, bool(everywhere), where)]
            return [*found, await _health(server, where, known(builds), rules)] if found[-1].passed else found
    except Unavailable as error:
        fix = "check PROMETHEUS_URL and the way there (in a cluster: networkPolicy.controllerEgress)"
        return [Verdict("prometheus", Status.FAIL, f"{error}; {fix}")]
    except MegawattsError as error:
        return [Verdict("prometheus", Status.FAIL, str(error))]


async def _builds(server: "Server", where: Mapping[str, str]) -> list[str]:
    """The revisions of the processes that have these labels."""
    from bot.adapters.prometheus.queries import builds  # noqa: PLC0415

    _at, rows = await server.query(builds(where))
    return sorted(labels.get("revision", "") for labels, _value in rows)


def known(found: Sequence[str]) -> list[str]:
    """Those of them that are a commit."""
    return [one for one in found if len(one) == _SHA and set(one) <= set("0123456789abcdef")]


def revisions(found: Sequence[str], elsewhere: bool, where: Mapping[str, str]) -> Verdict:
    """Prometheus scrapes processes that say of which commit they are."""
    name = "prometheus revisions"
    if not found and elsewhere and where:
        said = ", ".join(f"{key}={value}" for key, value in sorted(where.items()))
        return Verdict(
            name, Status.FAIL, f"no process has {one_line(said, 120)}: correct PROMETHEUS_LABELS, or unset it"
        )
    if not found:
        fix = "let it scrape the bot's port, in a cluster by monitoring.serviceMonitor (docs/monitoring.md)"
        return Verdict(name, Status.FAIL, f"it has no megawatts_build_info, so it scrapes no bot: {fix}")
    commits = known(found)
    if not commits:
        fix = "build the image with its commit (the build argument COMMIT), or start it with --revision"
        return Verdict(name, Status.FAIL, f"no process says of which commit it is ({one_line(found[0], 40)!r}): {fix}")
    told = ", ".join(one[:12] for one in commits[:MOST])
    return Verdict(name, Status.PASS, f"{len(commits)} of them: {told}")


async def _health(server: "Server", where: Mapping[str, str], commits: Sequence[str], rules: Rules) -> Verdict:
    """The charter's rules, each by the query that the loop puts."""
    from bot.adapters.prometheus.queries import query  # noqa: PLC0415

    name = "prometheus health"
    try:
        wanted = await asyncio.to_thread(rules)
    except MegawattsError as error:
        return Verdict(name, Status.INCONCLUSIVE, f"the charter's rules are not known: {error}")
    samples: list[Sample] = []
    for commit in commits[:MOST]:
        _at, rows = await server.query(query(wanted, Sha(commit), where))
        samples += samples_of(rows)
    return measured(name, wanted, samples)


def samples_of(rows: "Rows") -> list[Sample]:
    """The rows that are series; the one that tells the time of a scrape has no name."""
    return [Sample(labels["__name__"], labels, value) for labels, value in rows if "__name__" in labels]


def measured(name: str, rules: Sequence[MetricRule], samples: Sequence[Sample]) -> Verdict:
    """Every rule is measured by something, and that has series of a revision."""
    unknown = [f"{rule.name} ({rule.kind})" for rule in rules if figure_of(rule) is None]
    if unknown:
        fix = f"the charter may name {', '.join(FIGURES)}, each by its kind"
        return Verdict(name, Status.FAIL, f"nothing measures {', '.join(unknown)}, so no change is ever well: {fix}")
    if not rules:
        return Verdict(name, Status.FAIL, "the charter has no [[health.rules]], so no change is ever well: add one")
    quiet = [rule for rule in rules if not there(rule, samples)]
    silent = [rule for rule in quiet if rule.name not in VOLUNTARY]
    if silent:
        lacking = ", ".join(sorted(names(silent) - {one.name for one in samples} - names(())))
        said = ", ".join(rule.name for rule in silent)
        fix = "some begin with the first message, so send one; else look which series the scrape drops"
        return Verdict(name, Status.INCONCLUSIVE, f"no series yet of {said} ({lacking or 'another outcome'}): {fix}")
    unheard = f"; none yet of {', '.join(rule.name for rule in quiet)}, which members bring about" if quiet else ""
    return Verdict(name, Status.PASS, f"{len(rules) - len(quiet)} rules have series of a revision{unheard}")


def _charters(given: RoadSettings) -> Sequence[MetricRule]:
    """The rules of the charter in force."""
    from bot.policy.charter import PATH, parse  # noqa: PLC0415

    if given.github_repository:
        from bot.app.doctor_github import Look  # noqa: PLC0415  (PyGithub)
        from bot.app.setup.access import access  # noqa: PLC0415

        return Look(access("", given)).charter.health.rules
    file = ROOT / PATH
    if not file.is_file():
        raise Misconfigured(f"there is no {PATH} beside the code, and GITHUB_REPOSITORY names none")
    return parse(file.read_text(encoding="utf-8"), str(file)).health.rules
