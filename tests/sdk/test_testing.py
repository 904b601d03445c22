from bot.sdk.testing import DictRecords


def test_rows_are_copies_and_in_order() -> None:
    records = DictRecords()
    row = {"n": [1]}
    records.put("t", "b", row)
    row["n"].append(2)
    records.put("t", "a", {"n": []})
    assert records.scan("t") == [("a", {"n": []}), ("b", {"n": [1]})]
    assert records.scan("t", "b") == [("b", {"n": [1]})]


def test_add_writes_only_where_nothing_is() -> None:
    records = DictRecords()
    assert records.add("t", "a", {"n": 1})
    assert not records.add("t", "a", {"n": 2})
    assert records.get("t", "a") == {"n": 1}
    records.delete("t", "a")
    records.delete("t", "a")
    assert records.get("t", "a") is None
