"""THREATS 21: a flag cannot weaken what protects members: neither by its name, nor by who reads it, nor by its file."""

import ast
from pathlib import Path, PurePosixPath

import pytest

from bot.chat.flags import KNOWN, load
from bot.core.change import Kind, Origin
from bot.core.errors import Misconfigured
from bot.core.flags import Stopped, Unit
from bot.core.ids import GuildId, UserId
from bot.core.tier import Tier
from bot.policy.charter import parse as charter_of
from bot.policy.flags import decide
from bot.policy.flags_file import PATH, parse
from bot.policy.tier import tier_of
from tests.policy.builders import NOW

ROOT = Path(__file__).parents[2]
REST = 'family = "experimental"\nwhat = "x"\nowner = "y"\n'
READERS = {
    "bot/chat/steps/route.py", "bot/chat/steps/think.py", "bot/chat/steps/tools.py", "bot/chat/steps/understand.py",
}  # fmt: skip
"""The only modules that ask a flag; none of them judges a text, a right or a change."""
GUARDS = [
    "moderation_off", "skip_moderation", "no_permission_check", "redact_less", "gate_relaxed", "charter_loose",
    "consent_optional", "audit_quiet", "secret_log", "sandbox_off", "vote_quick", "rate_limit_off", "admin_all",
]  # fmt: skip


@pytest.mark.parametrize("name", GUARDS)
def test_what_protects_members_is_no_flag(name: str) -> None:
    with pytest.raises(Misconfigured, match="what protects members is no flag"):
        parse(f"[{name}]\n{REST}")


def test_a_new_name_means_nothing(tmp_path: Path) -> None:
    file = tmp_path / "flags.toml"
    file.write_text((ROOT / PATH).read_text() + f"\n[trust_everybody]\n{REST}")
    with pytest.raises(Misconfigured, match="read nowhere"):
        load(file)


@pytest.mark.integration
def test_only_the_listed_steps_ask_flags() -> None:
    asking = set()
    for file in (ROOT / "bot").rglob("*.py"):
        text = file.read_text()
        if "flags" not in text or "chat.flags" not in text:
            continue
        names = {
            alias.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and node.module == "bot.chat.flags"
            for alias in node.names
        }
        if "value" in names:
            asking.add(str(file.relative_to(ROOT)))
    assert asking == READERS


def test_no_guardian_can_see_a_flag() -> None:
    guardians = [
        *(ROOT / "bot/policy").glob("[mprlt]*.py"), *(ROOT / "bot/sdk").glob("[gprt]*.py"),
        ROOT / "bot/chat/moderator.py", ROOT / "bot/chat/steps/judge.py", ROOT / "bot/chat/steps/admit.py",
        ROOT / "bot/chat/steps/consent.py", ROOT / "bot/chat/limits.py", *(ROOT / "bot/improve/stages").glob("*.py"),
    ]  # fmt: skip
    assert len(guardians) > 60
    assert [
        str(file) for file in guardians if "core.flags" in file.read_text() or "chat.flags" in file.read_text()
    ] == []


@pytest.mark.parametrize("side", ["off", "on"])
def test_a_stopped_safety_flag_is_safe_for_everybody(side: str) -> None:
    words = REST.replace("experimental", "safety")
    text = f'[model_answers]\n{words}users = ["ann"]\nguilds = ["1"]\nsafe = "{side}"\n'
    flag = parse(text)["model_answers"]
    stop = Stopped(flag.name, GuildId(""), "ada", "rude", "2026", flag.mark)
    for user in ("ann", "bob", ""):
        assert decide(flag, Unit(UserId(user), GuildId("1")), NOW, [stop]).side == side


@pytest.mark.integration
def test_a_change_of_the_file_needs_somebody_else() -> None:
    charter = charter_of((ROOT / ".github" / "charter.toml").read_text())
    ruling = tier_of([PurePosixPath(PATH)], Kind.CONFIGURATION, Origin.ANALYST, [], charter)
    assert ruling.tier is Tier.VALIDATED, "no flag changes for everybody on green stages alone"


def test_every_flag_has_a_safe_side_that_is_not_more_than_its_default() -> None:
    assert {flag.safe for flag in load().values()} == {"off"}
    assert len(KNOWN) == len(load())
