"""docs/events.md: what the processes tell people, one JSON object a line, from the calls that tell it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.app.references.scan import ROOT, Source, cell, code, named, sources
from bot.core.errors import Misconfigured

WHAT = {
    "analyst failed": "An analyst broke; the others' findings still count",
    "asked": "People were asked for consent on this head",
    "backup": "A backup that a merge waits for was made and verified, or could not be; `status` tells which",
    "bots": "A look at the running bots failed; it is tried again",
    "closed": "A pull request was closed without a merge; `stage` spoke first",
    "concluded": "The watcher came to a verdict on an application's deploy, and says what it does or would do",
    "declined": "An idea was not proposed: its author, a stage or the memory of taken-back changes said no",
    "denied": "The forge refused an act; nothing was done",
    "ended a stray": "A bot that a killed deployer had started and nobody adopted was ended",
    "failed": "A commit could not be started; what ran before goes on",
    "forge": "The deployer could not read the forge or what is wished; what runs goes on",
    "found": "One analyst's findings were counted",
    "gate": "The gate's verdict was posted as a status of the head",
    "experiment": "An experiment came to its end: the flag, the end, the reason and the figures of both sides",
    "experiments_unread": "Flags or figures of experiments could not be read; they are read later",
    "handed_over": "A review is people's to answer from here: three rounds are over, or no author can",
    "healthy": "The watch ended well: the version was tagged, the revision promoted",
    "held": "The round ended before anything was decided: a door did not answer or the charter does not hold",
    "ideas_off": "Settings stop new proposals; reverts go on",
    "knowledge": "Old lessons lost their words, and what refused nothing was dropped; what was refused stays refused",
    "later": "A door did not answer; the next look tries again",
    "lost previous": "The previous revision stopped answering; it is no fallback any more",
    "merge_group": "What the forge's merge queue put together got both statuses, or was dropped",
    "merged": "A pull request was merged, and why",
    "not reloaded": "The warm bot did not take the data of a commit and goes on as it was; a new one is started",
    "not started": "A commit could not be started and is not to blame (a full disk, say); it is tried again",
    "observed": "Readings of the new and the previous revision were taken",
    "order": "An order that an admin gave where members talk was taken up, or dropped with its reason",
    "outside": "A merge was taken back by a person, outside of the loop",
    "page": "A person is needed",
    "paid": "A model tried to write a change; what that used up, however it ended",
    "port taken": "The port of before is taken by another program; a free one is used",
    "promoted": "All traffic goes to the new revision",
    "proposed": "A pull request was opened",
    "provenance": "The record of a proposal's steps could not be written or is damaged; it is left as it was found",
    "ranked": "Ideas were ranked by learned value; `top` lists the best",
    "recalled": "What was done before a kill or a fault and not noted was noted",
    "reloaded": "The warm bot reads the data of a commit, and takes members; no new one was started",
    "release_late": "The forge did not take a version's release; it is tried again an hour later",
    "reland_not_offered": "A change that was taken back does not come again by itself, and why",
    "relanded": "A change that was taken back came again as a draft; `tested` if a test replays what went wrong",
    "replay": "Of several merges in one deploy, the stages are run again on a part of them",
    "replayed": "What the stages said of that part",
    "restarting": "The running bot died and is started again",
    "retried": "A person ticked a box: `free` to be tried again, `kept` out with the reason, or of no known idea",
    "revert": "A revert was opened, because health went bad or a person asked",
    "revert_ended": "The revert of a watched application was merged or closed",
    "revised": "What reviewers asked for was carried out on the same pull request",
    "rollback": "What became of a rollback: a person's, or the controller's own while the forge was away",
    "round": "A round over every proposal ended; `whole` if every door answered",
    "scored": "Whether what the watcher said of a deploy was right, as it turned out",
    "stage": "A stage of the gate started or ended",
    "starting": "A commit's bot is being started",
    "state lost": "The deployer's state file could not be read and is made anew",
    "state": "The deployer could not write down what runs; it is tried again",
    "switched": "The new revision is ready and takes traffic; the previous one is kept",
    "updated": "A proposal was brought up to date with the base branch",
    "vote_voided": "A push voided the vote",
    "wait": "Nothing to do on this pull request now",
    "watching": "A deploy of a watched application began",
    "written": "An author wrote a change; it is not published yet",
}
"""What each event means; one that is told and not described here is an error."""
_TELLERS = frozenset({"say", "_say"})
_DEPLOYER = "bot/adapters/localdeploy/"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event: who tells it and which facts it may carry."""

    name: str
    process: str
    facts: tuple[str, ...]


def events(root: Path = ROOT) -> str:
    """The page. Raises Misconfigured for an event that is told and not described, or described and never told."""
    found = told(root)
    odd = sorted({event.name for event in found} ^ set(WHAT))
    if odd:
        raise Misconfigured(f"event {odd[0]!r} is told and not described, or the reverse: mend WHAT in {__name__}")
    rows = [
        f"| {code(e.name)} | {e.process} | {', '.join(map(code, e.facts)) or '-'} | {cell(WHAT[e.name])} |"
        for e in found
    ]
    return "\n".join(
        [
            "# Events",
            "",
            "Written by `megawatts docs` from the calls that tell them; a test compares the two.",
            "",
            "`megawatts controller` and `megawatts deployer` tell what happens on stdout, one JSON object a line:",
            '`{"at": TIME, "process": NAME, "event": NAME, ...facts}`. Events are for people and the demo; nothing is',
            "decided from them. The bot process writes one line on stdout when it is ready",
            '(`{"ready": true, "port", "revision", "pid"}`) and structured logs on stderr.',
            "",
            "| event | process | facts | what |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def told(root: Path = ROOT) -> tuple[Event, ...]:
    """Every event that can be told, by process and name. Raises Misconfigured for a name that is no constant."""
    facts: dict[tuple[str, str], set[str]] = {}
    for source in sources(root, ("say(",)):
        process = "deployer" if source.path.startswith(_DEPLOYER) else "controller"
        for name, keys in _calls(source):
            facts.setdefault((process, name), set()).update(keys)
    return tuple(Event(name, process, tuple(sorted(keys))) for (process, name), keys in sorted(facts.items()))


def _calls(source: Source) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Calls of a teller: a name, and facts written out on the spot. A function that only passes a name on tells each
    name that it is called with."""
    functions = [n for n in ast.walk(source.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for call in _named_calls(source.tree, _TELLERS):
        if len(call.args) != 2 or not any(isinstance(node, ast.Dict) for node in ast.walk(call.args[1])):
            continue  # people and bots speak by the same word, without facts
        said = _names(call, call.args[0], functions, source)
        if not said:
            raise Misconfigured(f"{source.path}:{call.lineno} tells an event whose name is no constant")
        facts = tuple(_keys(call.args[1], source))
        yield from ((name, facts) for name in said)


def _named_calls(tree: ast.AST, names: frozenset[str]) -> Iterator[ast.Call]:
    """Calls of a function or method of such a name, with positional arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node


def _keys(facts: ast.expr, source: Source) -> Iterator[str]:
    for node in ast.walk(facts):
        if isinstance(node, ast.Dict):
            yield from (text for key in node.keys for text in named(key, source))


def _names(call: ast.Call, argument: ast.expr, functions: list[_Function], source: Source) -> tuple[str, ...]:
    """What an argument of this call stands for: a constant, or what the function around it is given for it."""
    constant = named(argument, source)
    if constant or not isinstance(argument, ast.Name):
        return constant
    for function in functions:
        places = [one.arg for one in function.args.args if one.arg != "self"]
        if argument.id in places and call in ast.walk(function):
            place = places.index(argument.id)
            callers = [c for c in _named_calls(source.tree, frozenset({function.name})) if len(c.args) > place]
            return tuple(name for one in callers for name in _names(one, one.args[place], functions, source))
    return ()
