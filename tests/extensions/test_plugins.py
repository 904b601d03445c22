async def test_it_says_honestly_that_there_are_none(desk) -> None:
    text = (await desk.call("list_plugins")).result.text
    assert text.startswith("No plugins are loaded: this version cannot load any.")
    assert "- dice: 3 tools" in text
    assert "- plugins: 1 tool\n" in text
