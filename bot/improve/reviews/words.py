"""What reviewers read: each remark is quoted as plain text, with what was done about it."""

from bot.core.ids import Sha
from bot.core.votes import Remark
from bot.improve.body import plain
from bot.policy.review_rounds import ROUNDS, Round

LABEL = "needs-person"
"""On a pull request that the engine does not go on with by itself."""
NOBODY = (
    "Nothing was changed: whoever wrote this follows rules and reads no words. A person has to change it on this "
    "branch, or a model has to be set up (see docs/models.md)."
)
REFUSED = " As you request changes, it is closed with your reason, and not proposed again by itself."


def answered(remark: Remark, text: str) -> str:
    """The answer to one remark."""
    where = f"`{plain(str(remark.path), 200)}:{remark.line}`" if remark.path is not None else f"`{remark.head[:12]}`"
    return f"> {plain(remark.reviewer, 80)} on {where}: {plain(remark.text, 400)}\n\n{text}"


def changed(head: Sha, summary: str, number: int) -> str:
    """It was revised."""
    return (
        f"Revised in {head} (round {number} of {ROUNDS}): {plain(summary, 500)}\n\n"
        "The stages have judged the new head, see their status on it. Please look again: it waits for you."
    )


def kept(because: str, number: int) -> str:
    """It was tried, and nothing came of it."""
    return f"Nothing was changed (round {number} of {ROUNDS}): {plain(because, 800)}"


def unread(remark: Remark) -> str:
    """Nobody here reads words."""
    return NOBODY + (REFUSED if remark.requests_changes else "")


def handed_over(turn: Round) -> str:
    """People go on from here."""
    return (
        f"A person is needed: {turn.because}. Nothing merges until a reviewer approves the present head; push to this "
        "branch, approve it, or close it."
    )


def commit_words(turn: Round) -> str:
    """The body of the commit's message. It holds no words of a reviewer: forges and tools act on such texts."""
    who = ", ".join(sorted({plain(remark.reviewer, 80) for remark in turn.remarks}))
    return f"Revised as asked in review by {who} (round {turn.number})."
