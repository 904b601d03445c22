"""What settings may change about the charter's rules: they add and they stop, they never take away."""

from bot.core.charter import Charter
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict
from bot.policy.charter import STAGES
from bot.policy.schema import nearest


def stages_in_force(setting: str, charter: Charter) -> tuple[str, ...]:
    """The stages to run, in order, for a value of VALIDATION_STAGES: names with commas, a number of them, or nothing.

    The charter's own always run. Raises Misconfigured for an unknown name or a number out of range.
    """
    least = charter.stages or STAGES
    words = [word.strip() for word in setting.split(",") if word.strip()]
    if len(words) == 1 and words[0].isdecimal():
        number = int(words[0])
        if not 0 < number <= len(STAGES):
            raise Misconfigured(f"VALIDATION_STAGES is {number}: give a number from 1 to {len(STAGES)}, or names")
        words = list(STAGES[:number])
    for word in words:
        if word not in STAGES:
            raise Misconfigured(f"VALIDATION_STAGES names `{word}`, which is not a stage: {nearest(word, STAGES)}")
    return tuple(stage for stage in STAGES if stage in least or stage in words)


def may_propose(*, self_editing: bool, security_checks: bool) -> Verdict:
    """Whether the engine may have new ideas. Neither setting stops a revert, and neither leaves out a check.

    `self_editing` is ENABLE_SELF_EDITING, `security_checks` is CODE_SECURITY_CHECKS.
    """
    if not self_editing:
        return Verdict("self-editing", Status.FAIL, "ENABLE_SELF_EDITING is off: nothing new is proposed")
    if not security_checks:
        because = "CODE_SECURITY_CHECKS is off: the check stays, so nothing new is proposed"
        return Verdict("self-editing", Status.FAIL, because)
    return Verdict("self-editing", Status.PASS, "new ideas may be proposed")
