"""What a pressed button asks for: the tool and its arguments. Ids come from outside and are data."""

import re
from collections.abc import Mapping

_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"vote/(?P<pull>[0-9]{1,9})/(?P<head>[0-9a-f]{12})/(?P<choice>for|against|abstain)"), "vote"),
    (re.compile(r"vote/(?P<pull>[0-9]{1,9})/[0-9a-f]{12}/why"), "explain_proposal"),
    (re.compile(r"vote/(?P<pull>[0-9]{1,9})/(?P<head>[0-9a-f]{12})/reject"), "reject_proposal"),
    (re.compile(r"plan/(?P<number>[0-9a-f]{12})/answer"), "answer_plan"),
    (re.compile(r"plan/(?P<number>[0-9a-f]{12})/go"), "start_plan"),
    (re.compile(r"plan/(?P<number>[0-9a-f]{12})/keep"), "keep_plan"),
    (re.compile(r"setup/(?P<step>[a-z_]{1,20})(?:/(?P<value>[A-Za-z0-9_.,:-]{1,60}))?"), "set_up"),
    (re.compile(r"feedback/(?P<answer>[A-Za-z0-9_-]{1,64})/fix"), "fix_answer"),
)
_TEXT = {"reject_proposal": "reason", "answer_plan": "text", "set_up": "value", "fix_answer": "text"}
"""Argument that takes what the member was asked for."""


def asked(button: str, text: str = "") -> tuple[str, Mapping[str, str]] | None:
    """Tool and arguments of a button, with the text that its question was answered with; None if it is none of these,
    however like one it looks."""
    for form, tool in _FORMS:
        if found := form.fullmatch(button):
            given = {name: value for name, value in found.groupdict().items() if value}
            if text and tool in _TEXT:
                given.setdefault(_TEXT[tool], text)
            return tool, given
    return None


def spoken(button: str) -> tuple[str, str]:
    """Keys of the texts for a button's label and for what it asks; empty where there are none, and the button's own
    words hold. What a plan asks next is the plan's to say."""
    kind, _, rest = button.partition("/")
    name, _, value = rest.partition("/")
    if kind == "plan":
        return f"plan.{value}", ""
    if kind != "setup":
        return "", ""
    if not value:
        return "setup.choice.own", f"setup.asks.{name}"
    return ("setup.choice.skip" if value == "skip" else f"setup.choice.{name}_{value}"), ""
