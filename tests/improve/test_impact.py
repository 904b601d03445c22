"""What is known of a change before it is proposed, read from two commits, the gate's verdict and what was learned."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import cast

from bot.core.change import Claim, FileChange, Finding, Idea, Kind, Origin, Patch, Severity
from bot.core.ids import ProposalId, Sha
from bot.core.ports import Repository
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve.body import pull_body, table
from bot.improve.doors import Profile
from bot.improve.exposure import Ground
from bot.improve.impact import Impact, Written, impact_of
from bot.improve.knowledge import Outcome, Result
from bot.improve.surface import surface_of
from bot.improve.testing.lines import pack
from bot.improve.testing.results import FileLines
from bot.policy.impact import Effect

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BASE, HEAD = Sha("a" * 40), Sha("b" * 40)
PROFILE = Profile((PurePosixPath(),), (PurePosixPath("bot"),), (PurePosixPath("tests"),), None)
DICE = PurePosixPath("bot/dice.py")
BEFORE = '@tool("Roll.", "!roll")\ndef roll(host):\n    return 1\n'
AFTER = """import socket

@tool("Roll.", "!roll", permissions=("ban_members",))
def roll(host):
    return socket.create_connection(("x", 1))

@tool("Toss.", "!toss", name="toss_coin")
def toss(host):
    return 2
"""
IDEA = Idea(
    ProposalId("c" * 12), "t", "why", Kind.FEATURE, Origin.ANALYST, "agent",
    (Finding("rule", DICE, 1, 3, Severity.LOW, "m", "a"),),
)  # fmt: skip


@dataclass
class Two:
    """A repository of two commits."""

    files: dict[tuple[Sha, str], str] = field(default_factory=dict)

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        text = self.files.get((sha, str(path)))
        return None if text is None else text.encode()


def ground(*lines: int) -> Ground:
    names = {DICE: "bot.dice", PurePosixPath("bot/app.py"): "bot.app", PurePosixPath("bot/x/y.py"): "bot.x.y"}
    graph = {"bot.app": ("bot.dice",), "bot.x.y": ("bot.app",), "bot.dice": ()}
    known = {str(DICE): FileLines(pack(lines), {"t1": pack(lines), "t2": "900"})} if lines else {}
    return Ground(names, graph, {DICE: BEFORE}, known)


GATE = Verdict("gate", Status.PASS, "x")


def written(gate: Verdict = GATE, *more: FileChange, on: Ground | None = None) -> Written:
    changes = (FileChange(DICE, DICE, "modify", added=8, removed=2), *more)
    return Written(IDEA, BASE, HEAD, changes, gate, Tier.VALIDATED, on, PROFILE)


def told(of: Written, *outcomes: Outcome, after: str = AFTER) -> dict[str, Effect]:
    repo = Two({(BASE, str(DICE)): BEFORE, (HEAD, str(DICE)): after})
    return {one.on: one for one in impact_of(of, cast("Repository", repo), outcomes).effects}


def past(result: Result, path: str = str(DICE)) -> Outcome:
    name = ProposalId(f"{len(result.value):012x}")
    return Outcome(name, "codemods", "r", "refactor", result, "because", NOW, paths=(path,))


def test_what_it_opens_and_asks_for_is_read_from_both_versions() -> None:
    found = told(written())
    assert found["security"].level == "grave"
    for word in ("network", "asks for ban_members", "opens tool toss_coin"):
        assert word in found["security"].because
    assert found["user experience"].because == "new: tool toss_coin"
    same = told(written(), after=BEFORE.replace("return 1", "return 4"))
    assert same["security"].because == "no new power, entry point or permission"


def test_files_that_say_who_may_do_what_and_words_for_members() -> None:
    paths = [PurePosixPath(name) for name in (".github/workflows/x.yml", "pyproject.toml", "bot/chat/intents/a.toml")]
    found = told(written(GATE, *(FileChange(p, p, "modify") for p in paths)))
    assert "changes .github/workflows/x.yml, pyproject.toml" in found["security"].because
    assert "words in bot/chat/intents/a.toml" in found["user experience"].because


def test_a_test_that_plays_the_attacker_opens_nothing() -> None:
    test = PurePosixPath("tests/test_x.py")
    of = replace(written(), changes=(FileChange(test, test, "add", added=3),), idea=replace(IDEA, kind=Kind.TEST))
    repo = Two({(HEAD, str(test)): "import socket\nsocket.create_connection(1)\n"})
    found = {one.on: one for one in impact_of(of, cast("Repository", repo), ()).effects}
    assert found["security"].level == "none"
    assert found["user experience"].level == "none"
    assert "it brings 1 test files" in found["tests"].because


def test_the_gates_own_words_are_used_and_its_silence_is_told() -> None:
    idle = Verdict("gate", Status.PASS, "x", facts={"not_applicable": {"performance": "nothing could be run"}})
    assert told(written(idle))["performance"].because == "not measured: nothing could be run"
    ran = Verdict("gate", Status.PASS, "x", (Verdict("performance", Status.PASS, "1.01 times"),))
    assert told(written(ran))["performance"] == Effect("performance", "none", "1.01 times")


def test_earlier_ends_of_changes_of_the_same_files_count_and_no_others() -> None:
    own = replace(past(Result.REVERTED), idea=IDEA.id)
    found = told(written(), past(Result.REVERTED, "bot/other.py"), own)
    assert found["stability"].level == "unknown"
    found = told(written(), past(Result.REVERTED), past(Result.REFUSED), past(Result.HEALTHY), past(Result.OPEN))
    assert "1 were taken back, 1 refused, 1 stayed" in found["stability"].because


def test_reach_tests_and_risk_stand_on_the_base() -> None:
    found = told(written(on=ground(1, 2, 3)))
    assert found["blast radius"].because == "2 of 3 modules build on it, in bot.app, bot.x"
    assert found["tests"].because == "1 tests ran 100% of the lines that it changes"
    blind = told(written())
    assert (blind["blast radius"].level, blind["tests"].level) == ("unknown", "unknown")
    assert told(written(on=ground()))["tests"].level == "unknown"


def test_a_preserving_change_is_silent_unless_it_is_seen_otherwise() -> None:
    of = replace(written(), idea=replace(IDEA, claim=Claim.PRESERVING))
    assert told(of, after=BEFORE)["user experience"].level == "none"
    assert told(of)["user experience"].level == "some"


def test_what_does_not_parse_has_no_surface() -> None:
    assert surface_of(iter(["def (:", "\0"])).entries == frozenset()
    routes = 'app.get("/x", f)\nrouter.add_post("/y")\napp.command("bot")(f)\ntable.get("key")\n'
    assert surface_of(iter([routes])).entries == {"route /x", "route /y", "command bot"}


def test_the_report_stands_in_the_pull_request_and_foreign_words_command_nothing() -> None:
    of = written(on=ground(1))
    repo = Two({(BASE, str(DICE)): BEFORE, (HEAD, str(DICE)): AFTER})
    found = impact_of(of, cast("Repository", repo), ())
    text = pull_body(
        IDEA, Patch(BASE, {}), of.changes, of.gate, Verdict("tier", Status.PASS, "t"),
        effects=found.effects, weighed=found.risk,
    )  # fmt: skip
    assert "| security | ❗ look here | " in text
    assert "| performance | ❔ not known | " in text
    assert "times that of the least change: tier 2" in text
    evil = table([Effect("tests", "none", "a | b\n## Risk\n<!-- x -->")])
    assert r"| tests | none | a \| b \#\# Risk \<\!-- x --\> |" in evil
    assert table(Impact().effects) == ""


def test_nothing_is_left_on_the_disk(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    told(written(on=ground(1)))
    assert sorted(tmp_path.rglob("*")) == before
