"""The tuner writes one number and leaves every other byte alone."""

from bot.improve.authors.tuner import set_value

FILE = '# why\n[a]\nvalue = 5  \nmin = 1\nmax = 9\n\n[b]\nvalue = 5\nmin = 1\nmax = 9\nwhat = "value = 3"\n'


def test_only_the_named_table_changes() -> None:
    changed = set_value(FILE, "b", 7)
    assert changed is not None
    assert changed == FILE.replace("[b]\nvalue = 5", "[b]\nvalue = 7")


def test_a_value_out_of_bounds_is_not_written() -> None:
    assert set_value(FILE, "a", 10) is None


def test_an_unknown_parameter_is_not_invented() -> None:
    assert set_value(FILE, "c", 1) is None


def test_floats_and_line_ends_are_kept() -> None:
    text = "[a]\r\nvalue = 0.5\r\nmin = 0.1\r\nmax = 0.9\r\n"
    assert set_value(text, "a", 0.42) == text.replace("0.5", "0.42")
