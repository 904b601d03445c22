"""What replaces a part of the test machinery is noticed, and what is put back is not held against anybody."""

import sys
from types import ModuleType

import pytest

from bot.improve.testing.inside import integrity

NAME = "machinery_of_this_test"
SOURCE = """
def judge(): return "judged"
class Report:
    def outcome(self): return "failed"
    @property
    def failed(self): return True
    @staticmethod
    def make(): return Report()
"""


@pytest.fixture
def machinery(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType(NAME)
    exec(SOURCE, vars(made))
    monkeypatch.setitem(sys.modules, NAME, made)
    for name, value in (("_known", []), ("_quick", []), ("MACHINERY", (NAME,)), ("AT_EVERY_TEST", (NAME,))):
        monkeypatch.setattr(integrity, name, value)
    integrity.remember()
    return made


def test_what_stays_is_not_named(machinery: ModuleType) -> None:
    assert machinery.judge() == "judged"
    assert integrity.replaced(everything=True) == integrity.replaced(everything=False) == []


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize(
    ("holder", "key"), [("", "judge"), ("Report", "outcome"), ("Report", "failed"), ("Report", "make"), ("", "Report")]
)
def test_a_replaced_part_is_named_until_it_is_put_back(
    machinery: ModuleType, monkeypatch: pytest.MonkeyPatch, holder: str, key: str, everything: bool
) -> None:
    place = getattr(machinery, holder) if holder else machinery
    with monkeypatch.context() as patch:
        patch.setattr(place, key, lambda *_: "passed")
        assert integrity.replaced(everything=everything) == [".".join(filter(None, (NAME, holder, key)))]
    assert integrity.replaced(everything=everything) == []
    monkeypatch.delattr(place, key)
    assert integrity.replaced(everything=everything) == [".".join(filter(None, (NAME, holder, key)))]


def test_a_function_that_keeps_its_name_and_changes_its_code_is_named(machinery: ModuleType) -> None:
    machinery.judge.__code__ = (lambda: "passed").__code__
    assert integrity.replaced(everything=False) == [f"{NAME}.judge"]


def test_another_module_under_the_same_name_is_named_and_a_lacking_one_is_not(
    machinery: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, NAME, ModuleType(NAME))
    assert integrity.replaced(everything=False) == [NAME]
    monkeypatch.delitem(sys.modules, NAME)
    assert integrity.replaced(everything=False) == []


def test_a_quick_look_leaves_out_what_decides_no_outcome(
    machinery: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_known", []), ("_quick", []), ("AT_EVERY_TEST", ("another",))):
        monkeypatch.setattr(integrity, name, value)
    integrity.remember()
    monkeypatch.setattr(machinery, "judge", lambda: "passed")
    assert integrity.replaced(everything=False) == []
    assert integrity.replaced(everything=True) == [f"{NAME}.judge"]
