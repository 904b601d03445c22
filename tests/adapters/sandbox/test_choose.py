"""Which sandbox is taken, and that none is taken silently."""

import pytest

from bot.adapters.sandbox import choose
from bot.core.errors import Misconfigured, Unavailable


class Fake:
    def __init__(self, name):
        self.name, self.notes = name, ()


def absent(reason):
    def make():
        raise Misconfigured(reason)

    return make


@pytest.fixture
def here(monkeypatch):
    """Set what this host has: makers, and what the probe finds wrong with each by name."""

    def set_up(*makers, lacking=()):
        monkeypatch.setattr(choose, "makers", lambda: makers)
        monkeypatch.setattr(choose, "probe", lambda box: dict(lacking).get(box.name, ""))
        choose._tried.cache_clear()

    monkeypatch.delenv(choose.FLAG, raising=False)
    yield set_up
    choose._tried.cache_clear()


def test_the_first_that_holds_is_taken_and_tried_once(here, monkeypatch):
    here(lambda: Fake("one"), lambda: Fake("two"))
    assert choose.find().name == "one"
    monkeypatch.setattr(choose, "makers", tuple)
    assert choose.find().name == "one"


def test_one_that_fails_its_probe_is_passed_over(here):
    here(lambda: Fake("one"), lambda: Fake("two"), lacking=[("one", "files outside are readable")])
    assert choose.find().name == "two"


def test_none_is_refused_with_every_reason_and_the_flag(here):
    def down():
        raise Unavailable("kernel")

    here(absent("bwrap is missing"), down, lambda: Fake("three"), lacking=[("three", "the network can be reached")])
    with pytest.raises(Misconfigured) as caught:
        choose.find()
    for word in ("bwrap is missing", "kernel", "three: the network can be reached", choose.FLAG):
        assert word in str(caught.value)


def test_only_a_person_who_says_so_goes_on_without(here, monkeypatch):
    here(absent("no"))
    for value in ("", "0", "yes"):
        monkeypatch.setenv(choose.FLAG, value)
        with pytest.raises(Misconfigured):
            choose.find()
    monkeypatch.setenv(choose.FLAG, "1")
    assert choose.find().name == "unconfined"
    monkeypatch.delenv(choose.FLAG)
    assert choose.find(allow_none=True).name == "unconfined"


def test_the_flag_does_not_turn_a_working_sandbox_off(here, monkeypatch):
    here(lambda: Fake("one"))
    monkeypatch.setenv(choose.FLAG, "1")
    assert choose.find(allow_none=True).name == "one"


def test_bubblewrap_is_tried_before_landlock():
    assert [maker.name for maker in choose.makers()] == ["bubblewrap", "landlock"]
