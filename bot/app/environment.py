"""Reads typed settings from the environment: every error at once, and cheap where nothing is set."""

import os
import re
import stat
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from bot.core.errors import Misconfigured

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound="DataclassInstance")


class Secret(str):
    """A text that never shows itself: not in a log, an error or a listing. `reveal` gives it to its client."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(set)" if self else "Secret(unset)"

    def __str__(self) -> str:
        return "set" if self else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def reveal(self) -> str:
        """The text itself."""
        return str.__str__(self)


def note(what: str, **bounds: int) -> dict[str, Any]:
    """Metadata of a field: what it does, and pydantic's bounds."""
    return {"what": what, "bounds": bounds}


def text(what: str, default: str = "") -> Any:
    """A field that is a text."""
    return field(default=default, metadata=note(what))


def secret(what: str) -> Any:
    """A field that is a secret."""
    return field(default=Secret(), metadata=note(what))


SUFFIX = "_FILE"
"""Of a secret's name: then the value is the path of the file that holds it."""
_LARGEST = 1 << 16
"""Bytes of such a file."""
_SHOULD = re.compile(r"^\w+ should ")
"""How pydantic begins its sentences: `Input should`, `String should`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting for a person: environment name, value, where it came from, what it does."""

    name: str
    value: str
    origin: str
    what: str


def names(kind: "type[DataclassInstance]") -> tuple[str, ...]:
    """The variables that these settings are read from."""
    return tuple(one.name.upper() for one in fields(kind))


def read(kind: "type[T]", environment: Mapping[str, str] | None = None) -> "T":
    """The settings in force. Raises Misconfigured with every wrong one, each with what is allowed."""
    found = given(kind, environment)
    return _checked(kind, found) if found else kind()


def given(kind: "type[DataclassInstance]", environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is set, by field, names in any case; an empty value counts as not set.

    A secret may be given by the path of its file, as NAME_FILE. Raises Misconfigured where such a file cannot be used.
    """
    upper = _upper(environment)
    found = {name.lower(): upper[name] for name in names(kind) if upper.get(name)}
    return {**found, **from_files(kind, upper)}


def secret_names(kind: "type[DataclassInstance]") -> frozenset[str]:
    """The variables of these settings that hold a secret, or say which file holds one."""
    plain = [one.name.upper() for one in fields(kind) if isinstance(one.default, Secret)]
    return frozenset(plain) | {f"{name}{SUFFIX}" for name in plain}


def take_out(kind: "type[DataclassInstance]", environment: MutableMapping[str, str]) -> None:
    """Take the secrets out, and where they lie: no program that is started later from here is given one."""
    hidden = secret_names(kind)
    for name in [name for name in environment if name.upper() in hidden]:
        del environment[name]


def _upper(environment: Mapping[str, str] | None) -> dict[str, str]:
    environment = os.environ if environment is None else environment
    return {name.upper(): value.strip() for name, value in environment.items()}


def from_files(kind: "type[DataclassInstance]", environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The secrets that lie in files, by field. Raises Misconfigured with all that cannot be used."""
    upper = _upper(environment)
    secrets = [one.name for one in fields(kind) if isinstance(one.default, Secret)]
    found, wrong = {}, []
    for name in (one for one in secrets if upper.get(f"{one.upper()}{SUFFIX}")):
        setting = f"{name.upper()}{SUFFIX}"
        if upper.get(name.upper()):
            wrong.append(f"{name.upper()} and {setting} are both set; unset one")
            continue
        try:
            found[name] = secret_file(Path(upper[setting]), setting)
        except Misconfigured as error:
            wrong.append(str(error))
    if wrong:
        raise Misconfigured("; ".join(wrong))
    return found


def secret_file(path: Path, setting: str) -> str:
    """What the file holds, without the white space around it. Misconfigured names `setting`, path and fix."""
    where = f"the file {path} of {setting}"
    try:
        # Not waiting: a pipe in its place must not hold up the start.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if wrong := _unfit(os.fstat(handle), path):
                raise Misconfigured(f"{where} {wrong}")
            text = os.read(handle, _LARGEST).decode("utf-8").strip()
        finally:
            os.close(handle)
    except UnicodeDecodeError:
        text = ""
    except OSError as error:
        raise Misconfigured(f"{where} cannot be read ({error.strerror}); correct the path or its rights") from error
    if not text or "\x00" in text:
        raise Misconfigured(f"{where} holds no text in UTF-8; write the secret into it, or unset {setting}")
    return text


def _unfit(status: os.stat_result, path: Path) -> str:
    """Why a file is not taken for a secret's, and the fix; empty if it is."""
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
        return f"should be an ordinary file of at most {_LARGEST} bytes; name another"
    if status.st_mode & stat.S_IRWXO:
        fix = f"chmod 640 {path}, or defaultMode 0440 and fsGroup for a volume of Kubernetes"
        return f"can be read or written by everybody on this machine: {fix}"
    return ""


def shown(kind: "type[DataclassInstance]", environment: Mapping[str, str] | None = None) -> list[Shown]:
    """Every setting in order, for a person. Raises Misconfigured as `read` does."""
    settings, found, upper = read(kind, environment), given(kind, environment), _upper(environment)
    rows = []
    for one in fields(kind):
        value = getattr(settings, one.name)
        origin = "environment" if upper.get(one.name.upper()) else "file" if one.name in found else "default"
        rows.append(Shown(one.name.upper(), "" if value is None else str(value), origin, one.metadata["what"]))
    return rows


def _checked(kind: "type[T]", found: Mapping[str, str]) -> "T":
    """Checked by pydantic, whose import takes longer than all the rest of the settings: only when there is a need."""
    from pydantic import Field, ValidationError, create_model  # noqa: PLC0415
    from pydantic_settings import BaseSettings  # noqa: PLC0415

    hints = get_type_hints(kind)
    columns: dict[str, Any] = {
        one.name: (
            str if hints[one.name] is Secret else hints[one.name],
            Field(one.default, **one.metadata["bounds"]),
        )
        for one in fields(kind)
    }
    model: Any = create_model("Environment", __base__=BaseSettings, **columns)
    try:
        values = model(**found).model_dump()
    except ValidationError as error:
        raise Misconfigured("; ".join(_sentence(problem) for problem in error.errors())) from None
    # Secrets get their cover back: pydantic knows them as texts.
    hidden = {one.name for one in fields(kind) if isinstance(one.default, Secret)}
    return kind(**{name: Secret(value) if name in hidden else value for name, value in values.items()})


def _sentence(problem: Mapping[str, Any]) -> str:
    """Name and rule, without the value: it could be a secret that was put in the wrong place."""
    rule = _SHOULD.sub("", str(problem["msg"])).split(", unable")[0]
    return f"{str(problem['loc'][0]).upper()} should {rule}; correct it or unset it"
