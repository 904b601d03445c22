"""Which tests judge a mutant."""

from pathlib import PurePosixPath

from bot.improve.mutation.generate import generate
from bot.improve.mutation.run import covering, fastest
from bot.improve.testing.results import FileLines, Result, Run

TEXT = "LIMIT = 3\n\n\ndef f(x):\n    return x > 2\n"
PATH = PurePosixPath("toy/a.py")
KNOWN = Run(
    {
        "slow": Result("passed", 5.0),
        "quick": Result("passed", 0.1),
        "bad": Result("failed", 0.1),
        "long": Result("passed", 7),
    },
    files={"toy/a.py": FileLines("1,4-5", {"slow": "5", "quick": "5", "bad": "5"})},
)


def test_covering_tests_come_fastest_first_and_failing_ones_never() -> None:
    mutant = next(m for m in generate(TEXT, PATH) if m.line == 5)
    assert covering(KNOWN)(mutant) == ("quick", "slow")


def test_code_that_runs_at_import_is_judged_by_its_files_tests() -> None:
    mutant = next(m for m in generate(TEXT, PATH) if m.line == 1)
    assert covering(KNOWN)(mutant) == ("quick", "slow")


def test_code_that_nobody_runs_has_no_judge() -> None:
    mutant = generate(TEXT, PurePosixPath("toy/b.py"))[0]
    assert covering(KNOWN)(mutant) == ()


def test_tests_are_bounded_by_their_seconds() -> None:
    assert fastest({"quick", "slow", "long"}, KNOWN) == ("quick", "slow")
    assert fastest({"long"}, KNOWN) == ("long",)
