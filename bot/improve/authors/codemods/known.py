"""What a function says about the types of its names, and the name and value of an assignment."""

import ast

from bot.improve.authors.codemods.scope import Scope
from bot.improve.authors.codemods.source import Source


def assigned(source: Source, stmt: ast.stmt) -> tuple[str, ast.expr, str] | None:
    """The one name that a statement assigns, the value, and the text before `=`."""
    match stmt:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value, name
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value, simple=1):
            return name, value, f"{name}: {source.code(annotation)}"
    return None


def annotation(scope: Scope, name: str) -> ast.expr | None:
    """How the function annotates this name; None if it does not, or binds it more than once."""
    argument = scope.parameters.get(name)
    if argument is not None:
        return argument.annotation if not scope.stores(name) else None
    if scope.stores(name) != 1:
        return None
    rows = [n for n in ast.walk(scope.function) if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    return next((row.annotation for row in rows if isinstance(row.target, ast.Name) and row.target.id == name), None)


def is_dict(source: Source, scope: Scope, name: str) -> bool:
    """Whether a name is a dictionary by annotation, or because this function makes it one and never binds it again."""
    noted = annotation(scope, name)
    if noted is not None:
        return of_dict(noted) is not None and source.builtin("dict")
    if name in scope.parameters or scope.stores(name) != 1:
        return False
    for node in ast.walk(scope.function):
        match node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=value) if bound == name:
                return _makes_dict(source, value)
    return False


def _makes_dict(source: Source, value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id == "dict" and source.builtin("dict")
    return isinstance(value, ast.Dict | ast.DictComp)


def of_dict(noted: ast.expr) -> tuple[str, str] | None:
    """Key and value types of a `dict` annotation as code; empty where it does not say. None for another type."""
    match noted:
        case ast.Name(id="dict"):
            return "", ""
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[key, value])):
            return ast.unparse(key), ast.unparse(value)
    return None


def is_text(source: Source, node: ast.expr) -> bool:
    """Whether an expression is a `str` for sure."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return is_text(source, left) and is_text(source, right)
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod()):
            return True
        case ast.Call(func=ast.Name(id="str")):
            return source.builtin("str")
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format")):
            return True
    return False
