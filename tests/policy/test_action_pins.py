"""A pin is well only if it is the commit of the tag that stands beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status
from bot.policy.action_pins import Pin, judged, pins

ONE, OTHER = "a" * 40, "b" * 40
KNOWN = {("actions/checkout", "v6.0.2"): ONE}

FLOW = f"""\
jobs:
  a:
    steps:
      - uses: actions/checkout@{ONE} # v6.0.2
      - name: again
        uses: "actions/checkout@{ONE}" # v6.0.2
      - uses: actions/cache/restore@{OTHER}
      - uses: docker://alpine@sha256:{"c" * 64}
      - uses: ./.github/actions/own
      - run: "echo uses: nobody/nothing@{ONE}"
      # - uses: commented/out@{ONE} # v1
    uses: ./.github/workflows/promote.yml # zizmor: ignore
  b:
    uses: octo/flows/.github/workflows/x.yml@main
"""


def test_each_action_of_others_is_found_once() -> None:
    assert pins([FLOW, FLOW]) == (
        Pin("actions/cache", OTHER),
        Pin("actions/checkout", ONE, "v6.0.2"),
        Pin("octo/flows", "main"),
    )


@pytest.mark.parametrize(
    ("pin", "commits", "said"),
    [
        (Pin("actions/checkout", OTHER, "v6.0.2"), KNOWN, f"v6.0.2 is {ONE[:12]}, and the pin is {OTHER[:12]}"),
        (Pin("actions/checkout", ONE, "v7"), KNOWN, "has no tag v7"),
        (Pin("actions/checkout", ONE, "v6.0.2"), {("actions/checkout", "v6.0.2"): None}, "has no tag"),
        (Pin("actions/checkout", ONE), KNOWN, "says no version"),
        (Pin("actions/checkout", ONE, "tag:"), KNOWN, "says no version"),
        (Pin("actions/checkout", "main", "v6.0.2"), KNOWN, "can be moved"),
        (Pin("actions/checkout", ONE[:12], "v6.0.2"), KNOWN, "can be moved"),
        (Pin("eve/checkout", ONE, "v6.0.2"), KNOWN, "has no tag"),
    ],
)
def test_a_pin_that_is_moved_lies_or_cannot_be_compared_is_named(
    pin: Pin, commits: dict[tuple[str, str], str | None], said: str
) -> None:
    verdict = judged("actions", [Pin("actions/checkout", ONE, "v6.0.2"), pin], KNOWN | commits)
    assert verdict.status is Status.FAIL
    assert said in verdict.because
    assert pin.action in verdict.because


def test_pins_that_are_their_tags_are_well() -> None:
    assert judged("actions", [Pin("actions/checkout", ONE, "v6.0.2")], KNOWN).passed
    assert judged("actions", [], {}).passed


@given(st.text(max_size=80))
def test_any_text_has_pins_or_none(text: str) -> None:
    assert all(pin.action.count("/") == 1 for pin in pins([text, f"uses: {text}"]))
