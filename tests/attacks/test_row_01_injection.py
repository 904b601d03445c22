"""THREATS 1: instructions in what members write change no tool call, no file, no text of a proposal.

Here without a model, in all that reads members' text: the conversation, the analyst of suggestions, the texts of pull
requests. What a model that obeys could do is tried in test_row_01_model.py.
"""

import re
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from bot.app.bot_wiring import Assembled, World, assemble
from bot.core.change import FileChange, Finding, Idea, Kind, Origin, Patch, Severity
from bot.core.chat import Answer, Message
from bot.core.ids import ChannelId, ProposalId, Sha, UserId
from bot.core.verdict import Status, Verdict
from bot.improve.analysts.suggestions import Suggestions
from bot.improve.authors.phrases import Phrases
from bot.improve.body import pull_body
from bot.improve.context import commit_message
from bot.improve.doors import Profile
from bot.improve.ideas import title_of
from bot.sdk.testing import DictRecords
from tests.attacks.payloads import CORPUS, HONEY, OWN, corpus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = 'tool = "roll_dice"\n# a remark\n[examples]\nen = ["throw some dice"]\nde = ["würfeln"]\n'


def table(records: DictRecords | None = None) -> tuple[Assembled, DictRecords]:
    kept = records or DictRecords()
    ids = iter(f"answer-{number}" for number in range(10_000))
    world = World(
        kept, clock=lambda: NOON, random=Random(3), ids=lambda: next(ids), timer=lambda: 0.0, rate_limits=False
    )
    return assemble(world), kept


async def say(where: Assembled, text: str, user: str = "eve", name: str = "Eve") -> Answer:
    return await where.service.answer(Message(UserId(user), ChannelId("hall"), text, name))


USUAL: dict[bool, tuple[str, str, str]] = {}


async def seen(payload: str, *, as_name: bool) -> tuple[str, str, str]:
    """What Ann is told and which tools are called for her, after Eve has written the payload or is called so."""
    where, _ = table()
    words = "hello" if as_name else payload
    await say(where, words, name=payload if as_name else "Eve")
    answers = [await say(where, text, "ann", "Ann") for text in ("!status", "!proposals", "what can you do")]
    return "\n".join(a.text for a in answers), "+".join(a.tool for a in answers), "+".join(a.intent for a in answers)


@pytest.mark.parametrize("payload", OWN, ids=range(len(OWN)))
@pytest.mark.parametrize("as_name", [False, True], ids=["message", "nickname"])
async def test_what_one_member_writes_changes_nothing_for_another(payload: str, as_name: bool) -> None:
    assert await seen(payload, as_name=as_name) == await usual(as_name)


async def usual(as_name: bool) -> tuple[str, str, str]:
    """What Ann is told when Eve has written nothing odd; the same whatever it is compared with."""
    if as_name not in USUAL:
        USUAL[as_name] = await seen("good morning", as_name=as_name)
    return USUAL[as_name]


@pytest.mark.parametrize("payload", OWN, ids=range(len(OWN)))
async def test_no_message_writes_where_only_the_engine_or_a_maintainer_does(payload: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("MEGAWATTS_HONEY", HONEY)
    where, records = table()
    answer = await say(where, payload.replace(HONEY, "everything"))
    engine = ("outcomes", "decisions", "quarantine", "requests", "rollbacks", "overrides", "readings", "pages")
    assert {name: list(records.scan(name)) for name in engine} == {name: [] for name in engine}
    assert HONEY not in answer.text


@pytest.mark.slow
async def test_the_published_payloads_call_no_tool_that_changes_anything() -> None:
    texts = corpus()
    if not texts:
        pytest.skip(f"{CORPUS} is not beside this checkout; set MEGAWATTS_DATA")
    where, records = table()
    called: dict[str, list[str]] = {}
    for text in texts:
        answer = await say(where, text)
        for tool in filter(None, answer.tool.split("+")):
            called.setdefault(tool, []).append(text)
    assert set(called) & {"vote", "cancel_reminder", "suggest_improvement"} == set(), called
    assert records.scan("suggestions") == []
    assert records.scan("reminders") == []


NUMBER = "0123456789ab"


def suggestion(phrase: str, user: str = "eve") -> dict[str, Any]:
    return {"id": NUMBER, "user": user, "status": "go", "text": f'when I say "{phrase}" you should roll dice'}


@pytest.fixture
def tree(tmp_path: Path) -> Any:
    file = tmp_path / "bot/chat/intents/dice.toml"
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE)
    return SimpleNamespace(path=tmp_path, sha=Sha("a" * 40))


PROFILE = Profile((PurePosixPath(),), (PurePosixPath("bot"),), (), None)
PHRASES = [" ".join(text.split()).replace('"', "'")[:200] for text in (*OWN, *corpus())]


async def test_a_suggested_phrase_is_one_datum_and_no_more(tree: Any) -> None:
    """Every payload that is taken at all becomes one string in one list; nothing else of the proposal changes."""
    author, before = Phrases(), tomllib.loads(SOURCE)
    plain = await proposal(tree, author, "cast the bones")
    assert plain is not None
    taken = 0
    for phrase in PHRASES:
        made = await proposal(tree, author, phrase)
        if made is None:
            continue
        taken += 1
        after = tomllib.loads(made[0])
        assert after["examples"]["en"][:-1] == before["examples"]["en"]
        after["examples"]["en"] = before["examples"]["en"]
        assert after == before
        assert "# a remark" in made[0]
        assert made[1:] == plain[1:], "title, reason, commit message and body are the same whatever was suggested"
    assert taken >= 3, "some payloads have the form of a suggestion, or nothing was tried"


async def proposal(tree: Any, author: Phrases, phrase: str) -> tuple[str, ...] | None:
    """The new file, then everything that people or the forge read of the proposal; None: nobody acts on it."""
    found = await Suggestions(lambda: [("eve/1", suggestion(phrase))]).find(tree, PROFILE)
    ideas = author.ideas(found)
    if not ideas:
        return None
    (idea,) = ideas
    patch = await author.write(idea, tree, PROFILE)
    assert isinstance(patch, Patch)
    ((path, text),) = patch.files.items()
    assert path == PurePosixPath("bot/chat/intents/dice.toml")
    assert text is not None
    change = FileChange(path, path, "modify", added=1)
    gate = Verdict("gate", Status.PASS, "well", (Verdict("scope", Status.PASS, "well"),))
    body = pull_body(idea, patch, [change], gate, Verdict("tier", Status.PASS, "validated"))
    assert idea.origin is Origin.MEMBER
    words = (title_of(idea), idea.why, commit_message(title_of(idea), patch.summary, "0" * 12, patch), body)
    return (text.decode(), *words)


async def test_text_of_no_known_form_is_left_to_people(tree: Any) -> None:
    row = {"id": NUMBER, "user": "eve", "status": "go"}
    rows = [(str(n), {**row, "text": text}) for n, text in enumerate((*OWN, *corpus()))]
    assert await Suggestions(lambda: rows).find(tree, PROFILE) == []


FOREIGN = Finding("rule", PurePosixPath("bot/x.py"), 1, 2, Severity.LOW, "plain words", "analyst")
IDEA = Idea(ProposalId("0" * 12), "a title", "a reason", Kind.FIX, Origin.ANALYST, "author", (FOREIGN,))


MARKUP, BAR = re.compile(r"[#|>` -]*"), re.compile(r"(?<!\\)[|]")


def skeleton(text: str) -> list[tuple[str, int]]:
    """What Markdown makes of each line: its leading markup and its number of cells."""
    return [(MARKUP.match(line)[0], len(BAR.findall(line))) for line in text.splitlines()]


@pytest.mark.parametrize("payload", OWN, ids=range(len(OWN)))
def test_foreign_words_cannot_shape_the_text_of_a_pull_request(payload: str) -> None:
    """Messages of findings, reasons of verdicts, file names and summaries may hold anything that a repository holds."""
    assert skeleton(body(payload)) == skeleton(body("harmless"))
    text = body(payload)
    assert "<!--" not in text
    assert not re.search(r"(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)@(everyone|maintainer)", text)
    assert not re.search("[\u200b\u202e\u2066\x1b\x07\U000e0061]", text)


def body(words: str) -> str:
    idea = replace(IDEA, why=words, findings=(replace(FOREIGN, message=words, rule=words[:40]),))
    patch = Patch(Sha("a" * 40), {}, words)
    name = PurePosixPath(words.replace("/", "")[:80] or "x")
    gate = Verdict("gate", Status.PASS, words, (Verdict("scope", Status.PASS, words),))
    return pull_body(idea, patch, [FileChange(name, name, "modify")], gate, Verdict("tier", Status.PASS, words))
