"""Reading the charter: the whole of it, and every way in which it can be wrong."""

from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from bot.core.charter import BackupRule, Charter, Freeze, Promotion, RedTeam, Ward
from bot.core.errors import Misconfigured
from bot.core.health import MetricRule
from bot.core.tier import Tier
from bot.policy.charter import SEALED_CORE, STAGES, parse
from bot.policy.tier import ward_of

ROOT = Path(__file__).parents[2]
SEAL = '[[wards]]\npatterns = ["*"]\ntier = "sealed"\nowners = ["@root"]\n'
FULL = """
base_branch = "trunk"
home_guild = "42"
maintainers = ["@mara", "max"]
stages = ["scope", "tests"]
[teams]
"org/ops" = ["otto"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@root"]
why = "everything"
[[wards]]
patterns = ["/infra/", "/deploy/"]
tier = "critical"
owners = ["@org/ops"]
[[wards]]
patterns = ["/tests/**/test_*.py"]
tier = "safe"
only_adds = true
[[wards]]
patterns = ["/tests/policy/", "/tests/house/", "/tests/attacks/"]
tier = "sealed"
owners = ["@root"]
[quorum]
minimum = 5
majority = 0.75
account_age = "90d"
roles = ["regular"]
open_for = "36h"
[quotas]
in_flight = 3
min_between_deploys = "90s"
[health]
warm_up = "10m"
reverts_per_day = 2
[[health.rules]]
name = "messages"
kind = "rate"
[[health.rules]]
name = "memory"
kind = "level"
worse = "up"
effect = 0.3
alpha = 0.001
minimum = 12
guard = false
[red_team]
floor = 0.9
max_age = "36h"
[promotion]
promoter = "my-promoter[bot]"
environments = ["staging", "eu-1"]
[backup]
max_age = "2h"
keep = 3
migrations = ["/db/"]
[[freezes]]
starts = 2026-12-24T00:00:00Z
ends = 2026-12-27T00:00:00
why = "holidays"
"""


def complaint(text: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        parse(text, "c.toml")
    return str(caught.value)


def test_everything_can_be_said() -> None:
    charter = parse(FULL)
    assert charter.base_branch == "trunk"
    assert charter.home_guild == "42"
    assert charter.maintainers == ("mara", "max")
    assert charter.stages == ("scope", "tests")
    assert charter.teams == {"org/ops": ("otto",)}
    assert charter.wards[1:4] == (
        Ward("/infra/", Tier.CRITICAL, ("@org/ops",)),
        Ward("/deploy/", Tier.CRITICAL, ("@org/ops",)),
        Ward("/tests/**/test_*.py", Tier.SAFE, only_adds=True),
    )
    assert (charter.quorum.minimum, charter.quorum.majority) == (5, 0.75)
    assert charter.quorum.account_age == timedelta(days=90)
    assert charter.quorum.member_age == Charter(()).quorum.member_age
    assert charter.quorum.roles == {"regular"}
    assert charter.quorum.open_for == timedelta(hours=36)
    assert (charter.quotas.in_flight, charter.quotas.per_day) == (3, 12)
    assert charter.quotas.min_between_deploys == timedelta(seconds=90)
    assert (charter.health.warm_up, charter.health.reverts_per_day) == (timedelta(minutes=10), 2)
    memory = MetricRule("memory", "level", "up", minimum=12, effect=0.3, alpha=0.001, guard=False)
    assert charter.health.rules == (MetricRule("messages", "rate"), memory)
    assert charter.red_team == RedTeam(0.9, timedelta(hours=36))
    assert charter.promotion == Promotion("my-promoter[bot]", ("staging", "eu-1"))
    assert charter.backup == BackupRule(timedelta(hours=2), 3, ("/db/",))
    christmas = datetime(2026, 12, 24, tzinfo=UTC)
    assert charter.freezes == (Freeze(christmas, christmas + timedelta(days=3), "holidays"),)


def test_a_short_charter_takes_the_defaults() -> None:
    assert parse(SEAL) == Charter((Ward("*", Tier.SEALED, ("@root",)),))
    assert (parse(SEAL).red_team, parse(SEAL).promotion) == (None, None)
    assert parse(SEAL).backup is None
    assert parse(SEAL + "[backup]\n").backup == BackupRule()
    assert parse(SEAL + "[red_team]\n").red_team == RedTeam(0.95, timedelta(days=3))


def test_a_level_is_watched_both_ways_unless_told() -> None:
    (rule,) = parse(SEAL + '[[health.rules]]\nname = "memory"\nkind = "level"\n').health.rules
    assert rule.worse == "both"


def test_every_error_is_told_at_once_with_file_key_and_fix() -> None:
    bad = '[quotas]\nper_dya = 1\nper_hour = -1\n[quorum]\nmajority = 0.4\n[helth]\n[health]\nwarm_up = "soon"\n'
    lines = complaint("stages = [3]\n" + bad + SEAL.replace("sealed", "seled")).splitlines()
    assert all(line.startswith("c.toml: ") for line in lines)
    for said in (
        "helth is not a known key; did you mean `health`?",
        "quotas.per_dya is not a known key; did you mean `per_day`?",
        "quotas.per_hour is -1; it must be a whole number from 0",
        "quorum.majority is 0.4; it must be from 0.5 to 1.0",
        'health.warm_up is "soon"; write a whole number and s, m, h or d',
        "stages is a list; it must be a list of texts",
        "wards[1].tier is `seled`; did you mean `sealed`?",
    ):
        assert any(said in line for line in lines), said
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = ", "not valid TOML"),
        ("[quotas]\nin_flight = 1\nin_flight = 2\n", "not valid TOML"),
        ("[quotas]\nin_flight = true\n", "quotas.in_flight is True"),
        ("[quotas]\nin_flight = 1.5\n", "whole number"),
        ("[quotas]\nmin_between_deploys = 10\n", "duration"),
        ('[quotas]\nmin_between_deploys = ""\n', 'is ""'),
        ('[quotas]\nmin_between_deploys = "3651d"\n', "from 0s to 3650d"),
        ('[quotas]\nmin_between_deploys = "٣m"\n', "whole number and s, m, h or d"),
        ('[health]\ninterval = "0s"\n', "from 1s to 3650d"),
        ('[health]\ndeadline = "0m"\n', "from 1s to 3650d"),
        ('[quorum]\nopen_for = "0h"\n', "from 1s to 3650d"),
        ('base_branch = ""\n', "names no branch"),
        ('base_branch = "-x"\n', "names no branch"),
        ("[quorum]\nmajority = nan\n", "from 0.5 to 1.0"),
        ("[quorum]\nminimum = 0\n", "from 1"),
        ("quotas = 3\n", "not a table; write it as [quotas]"),
        ("teams = 3\n", "not a table; write it as [teams]"),
        ("wards = 3\n", "list of tables, [[wards]]"),
        ("wards = [3]\n", "wards[1] is 3, not a table"),
        ("base_branch = 3\n", "text in quotes"),
        ('stages = ["scope", "testz"]\n', "names `testz`, which is not a stage; did you mean `tests`?"),
        ('stages = ["zzzz"]\n', "known are approval, "),
        ('stages = ["scope", "scope"]\n', "names `scope` twice"),
        ('maintainers = ["no one"]\n', "`no one`, which is not a login"),
        ("[red_team]\nfloor = 95\n", "red_team.floor is 95; it must be from 0.5 to 0.999"),
        ("[red_team]\nfloor = 0\n", "from 0.5 to 0.999"),
        ('[red_team]\nmax_age = "0s"\n', "from 3600s to 3650d"),
        ('[red_team]\nmaxage = "3d"\n', "did you mean `max_age`?"),
        ("red_team = true\n", "not a table; write it as [red_team]"),
        ('[backup]\nmax_age = "0s"\n', 'backup.max_age is "0s"; it must be from 60s'),
        ("[backup]\nkeep = 0\n", "backup.keep is 0; it must be a whole number from 1"),
        ('[backup]\nmigrations = ["!x"]\n', "holds `!x`"),
        ('[backup]\nmaxage = "1h"\n', "did you mean `max_age`?"),
        ('[promotion]\npromoter = "a b"\nenvironments = ["staging"]\n', "no login of an App"),
        ('[promotion]\nenvironments = ["staging"]\n', 'promoter is ""'),
        ('[promotion]\npromoter = "p[bot]x"\nenvironments = ["staging"]\n', "no login of an App"),
        ('[promotion]\npromoter = "p[bot]"\n', "environments is empty"),
        ('[promotion]\npromoter = "p[bot]"\nenvironments = ["../x"]\n', "no folder of an environment"),
        ('[promotion]\npromoter = "p[bot]"\nenvironments = ["production"]\n', "into production people promote"),
        ('[promotion]\npromoter = "p[bot]"\nenvironments = ["prod-eu"]\n', "into production people promote"),
        ("[[freezes]]\nwhy = 'x'\n", "freezes[1].starts is missing"),
        ("[[freezes]]\nstarts = 2026-01-02T00:00:00Z\nends = 2026-01-01T00:00:00Z\n", "is not after `starts`"),
        ("[[freezes]]\nstarts = 2026-01-02\nends = 2026-01-03T00:00:00Z\n", "a date and time"),
        ('[[health.rules]]\nname = "a"\n', "health.rules[1].kind is missing"),
        ('[[health.rules]]\nname = "a"\nkind = "speed"\n', "is `speed`; known are"),
        ('[[health.rules]]\nname = "a"\nkind = "rate"\nworse = "upp"\n', "did you mean `up`?"),
        ('[[health.rules]]\nname = "a"\nkind = "rate"\nalpha = 0.9\n', "alpha is 0.9"),
        ('[[health.rules]]\nname = "a"\nkind = "rate"\n[[health.rules]]\nname = "a"\nkind = "rate"\n', "2 times"),
        ('[[wards]]\npatterns = ["/a/"]\n', "wards[1].tier is missing"),
        ('[[wards]]\ntier = "safe"\n', "patterns is empty"),
        ('[[wards]]\npatterns = ["/a[b]/"]\ntier = "safe"\n', "holds `/a[b]/`, which uses `[ ]`"),
        ('[[wards]]\npatterns = ["/a/"]\ntier = "critical"\n', "owners is missing"),
        ('[[wards]]\npatterns = ["/a/"]\ntier = "safe"\nowners = ["@a"]\n', "no meaning at tier safe"),
        ('[[wards]]\npatterns = ["/a/"]\ntier = "critical"\nowners = ["a@b.c"]\n', "neither `@login` nor `@org/team`"),
        ('[[wards]]\npatterns = ["/a/"]\ntier = "critical"\nowners = ["@o/t"]\n', 'add "o/t" under [teams]'),
        ('[[wards]]\npatterns = ["/a/"]\ntier = "safe"\n[[wards]]\npatterns = ["/a/"]\ntier = "safe"\n', "2 times"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    whole = text + (SEAL if "wards = " not in text else "")
    assert says in complaint(whole)


def test_a_charter_without_a_sealed_core_is_refused() -> None:
    said = complaint("")
    assert "leave without a seal" in said
    assert all(f"`{place}`" in said for place in SEALED_CORE)


@pytest.mark.parametrize("pattern", ["/bot/", "/bot/policy/tier.py", "*.toml", "/bot/*/x.py", "**", "/.github/*"])
def test_a_ward_that_could_open_the_core_is_refused(pattern: str) -> None:
    said = complaint(SEAL + f'[[wards]]\npatterns = ["{pattern}"]\ntier = "safe"\n')
    assert f"by `{pattern}`; put the sealed ward of these after it" in said


def test_a_ward_before_the_seal_opens_nothing() -> None:
    assert parse('[[wards]]\npatterns = ["/bot/policy/"]\ntier = "safe"\n' + SEAL)


def test_a_seal_for_additions_only_or_for_part_of_a_place_is_no_seal() -> None:
    assert "without a seal" in complaint(SEAL + "only_adds = true\n")
    assert "without a seal" in complaint(SEAL.replace('"*"', '"/*"'))


HOUSE = parse((ROOT / ".github/charter.toml").read_text())
TABLE = {
    Tier.SEALED: [
        ".github/charter.toml", ".github/workflows/gate.yml", "CODEOWNERS", "bot/core/tier.py", "bot/policy/tier.py",
        "bot/improve/stages/scope.py", "bot/votes/service.py", "bot/adapters/sandbox/box.py",
        "bot/adapters/git/trees.py", "bot/adapters/localforge/desk.py", "bot/adapters/localdeploy/deployer.py",
        "bot/adapters/scrape/source.py", "bot/adapters/store/audit.py", "tests/policy/test_tier.py",
        "tests/house/test_codeowners.py", "tests/attacks/test_x.py", "docs/features.md", "docs/benchmarks.md",
        "docs/verified.md", "docs/CODEOWNERS", "a_new_folder/a.py", "LICENSE", ".gitignore", "conftest.py",
        "bot/new/a.py",
    ],
    Tier.CRITICAL: [
        "bot/app/home.py", "bot/__main__.py", "bot/sdk/host.py", "bot/plugins/a.py", "bot/agent/a.py",
        "bot/adapters/web/app.py", "charts/a.yaml", "deploy/a", "scripts/demo", "benchmarks/__main__.py",
        "pyproject.toml", "requirements.lock", "renovate.json", "tests/chat/conftest.py", "tests/conftest.py",
        "tests/chat/plugins/test_a.py", "tests/journeys/test_demo.py", "README.md",
    ],
    Tier.VALIDATED: ["bot/chat/service.py", "bot/extensions/dice.py", "tests/chat/data.json"],
    Tier.SAFE: [
        "bot/chat/prompts/system.md", "bot/chat/intents/help.yaml", "bot/chat/tuning.toml", "docs/members.md",
        "tests/chat/test_new.py", "tests/core/test_new.py", "changelog.d/abc.md",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("tier", "path"), [(tier, path) for tier, held in TABLE.items() for path in held])
def test_the_wards_of_this_repository_for_new_files(tier: Tier, path: str) -> None:
    ward = ward_of(PurePosixPath(path), HOUSE, adds=True)
    assert (ward.tier if ward else Tier.SEALED) is tier


@pytest.mark.parametrize(
    ("path", "tier"),
    [("tests/core/test_a.py", Tier.CRITICAL), ("tests/chat/test_a.py", Tier.VALIDATED), ("changelog.d/a.md", 3)],
)
def test_tests_that_change_fall_to_the_ward_before(path: str, tier: Tier) -> None:
    ward = ward_of(path, HOUSE)
    assert ward is not None
    assert ward.tier == tier


def test_this_repository_asks_for_every_stage() -> None:
    assert HOUSE.stages == STAGES
    assert {rule.name for rule in HOUSE.health.rules if rule.guard} == {"messages", "reply_seconds"}
