"""Security: places where text that others wrote would become a program, a query, a template or an instruction."""

import ast
from collections.abc import Iterator

from bot.improve.stages._canonical import last_name

QUERIES = frozenset({"execute", "executemany", "executescript", "text", "raw", "extra", "exec_driver_sql"})
TEMPLATES = frozenset({"Template", "from_string", "render_template_string", "Markup", "mark_safe", "SafeString"})
INSTRUCTIONS = frozenset({"system", "system_prompt", "instructions", "developer", "preamble"})
SQL = ("select ", "insert ", "update ", "delete ", "drop ", "create ", "alter ", "pragma ", "with ")


def sinks(node: ast.Call) -> Iterator[tuple[str, int, str, str]]:
    """What a call does with text that is put together at run time."""
    name, text = last_name(node.func), ast.unparse(node)[:200]
    first = node.args[0] if node.args else None
    if name in QUERIES and first is not None and _mixed(first) and _is_sql(first):
        yield "injection", node.lineno, f"a query is put together from text: {text}", f"query {text}"
    if name in TEMPLATES and first is not None and not isinstance(first, ast.Constant):
        yield "injection", node.lineno, f"text becomes a template or markup: {text}", f"template {text}"
    for keyword in node.keywords:
        value = keyword.value
        off = isinstance(value, ast.Constant) and value.value is False
        if keyword.arg == "autoescape" and off:
            yield "injection", node.lineno, f"a template is not escaped: {text}", f"autoescape {text}"
        if keyword.arg in INSTRUCTIONS and _mixed(value):
            yield "injection", node.lineno, f"text is mixed into a model's instructions: {text}", f"prompt {text}"
        if keyword.arg == "content" and _mixed(value) and _role(node.keywords) in INSTRUCTIONS:
            yield "injection", node.lineno, f"text is mixed into a model's instructions: {text}", f"prompt {text}"
    for message in (n for a in node.args for n in ast.walk(a) if isinstance(n, ast.Dict)):
        if _system_message(message):
            yield "injection", message.lineno, f"text is mixed into a model's instructions: {text}", f"prompt {text}"


def _mixed(node: ast.expr) -> bool:
    """Whether a text is put together from parts that are not all constants."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(isinstance(n, ast.Name | ast.Call | ast.Attribute) for n in ast.walk(node)) and any(
            isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node)
        )
    return isinstance(node, ast.Call) and last_name(node.func) == "format"


def _is_sql(node: ast.expr) -> bool:
    words = [
        n.value.lower().lstrip() for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    return any(word.startswith(SQL) for word in words)


def _role(keywords: list[ast.keyword]) -> str:
    found = next((k.value for k in keywords if k.arg == "role"), None)
    return str(found.value) if isinstance(found, ast.Constant) else ""


def _system_message(node: ast.Dict) -> bool:
    row = {k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
    role, content = row.get("role"), row.get("content")
    return isinstance(role, ast.Constant) and role.value in INSTRUCTIONS and content is not None and _mixed(content)
