"""The project's settings in pyproject.toml: the networks to check and their budgets."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from archcost.choices import COUNTING, FOLLOWED, GPUS, MODES, OPTIMIZERS
from archcost.errors import ArgumentError, ConfigError, InputError, NotConfiguredError, closest, cut
from archcost.page.names import make_printable
from archcost.records.toml import parse_toml
from archcost.regression.budgets import Budgets, parse_budgets
from archcost.sources import parse_input, parse_spec
from archcost.zoo import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FILE = "pyproject.toml"
SECTIONS = ("networks", "budgets")
KEYS = ("spec", "input", "batch", "mode", "train", "device", "like")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The settings of one network: its spec and how to walk it.

    `group` is the name of its table, which may hold several networks. `inputs` are texts such as "3x224x224"; empty for
    the network's default.
    """

    name: str
    group: str
    spec: str
    inputs: tuple[str, ...] = ()
    batch: int = 1
    mode: str = "eval"
    train: str | None = None
    device: str = COUNTING
    like: str | None = None

    @property
    def local(self) -> bool:
        """Whether a file or a module holds its code, so that the spec is not a name in the zoo or in a library."""
        return parse_spec(self.spec).local

    @property
    def file(self) -> str:
        """The Python file with its code; "" if the spec names no file."""
        return parse_spec(self.spec).file

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments of `archcost.profile`, except the inputs."""
        return {
            "batch": self.batch,
            "mode": self.mode,
            "train": self.train,
            "device": self.device,
            "like": self.like,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The tables under [tool.archcost] in a file."""

    file: Path
    plans: tuple[Plan, ...]
    budgets: Budgets

    def select(self, wanted: Sequence[str]) -> tuple[Plan, ...]:
        """Return the networks that these names, tables or patterns select; all networks if `wanted` is empty.

        Raises:
            ArgumentError: a name that matches no network; says which are closest.
        """
        for text in wanted:
            if not any(_fits(plan, text) for plan in self.plans):
                names = {plan.name for plan in self.plans} | {plan.group for plan in self.plans}
                hint = closest(text, sorted(names), f"there are {', '.join(sorted(names)[:20])}")
                raise ArgumentError(f"{self.file.name} has no network {text!r} under [tool.archcost.networks]; {hint}")
        return self.matching(wanted)

    def matching(self, wanted: Sequence[str]) -> tuple[Plan, ...]:
        """Return the networks that a name, table or pattern selects; all networks if `wanted` is empty."""
        return tuple(plan for plan in self.plans if not wanted or any(_fits(plan, text) for text in wanted))


def _fits(plan: Plan, text: str) -> bool:
    return text == plan.group or fnmatchcase(plan.name, text)


def find_settings(folder: Path) -> Path:
    """Return the pyproject.toml of a folder, or the nearest one above it.

    Raises:
        ConfigError: no pyproject.toml was found.
    """
    for each in (folder, *folder.parents):
        if (each / FILE).is_file():
            return each / FILE
    raise NotConfiguredError(f"there is no {FILE} in {folder} or above; `archcost init NET` writes one")


def read_settings(file: Path) -> Settings:
    """Read the tables under [tool.archcost].

    Raises:
        ConfigError: the file cannot be read, or has an unknown table or key or a wrong value; says what is allowed.
    """
    return parse_settings(settings_text(file), file)


def settings_text(file: Path) -> str:
    """Return the text of a settings file, with its line ends unchanged.

    Raises:
        ConfigError: it cannot be read, or is not a regular file: reading a device may never end.
    """
    if file.exists() and not file.is_file():
        raise ConfigError(f"{file}: it is not a regular file")
    try:
        return file.read_bytes().decode()
    except FileNotFoundError as error:
        raise NotConfiguredError(f"there is no file {file}; `archcost init NET` writes one") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file}: {reason}") from error


def parse_settings(text: str, file: Path) -> Settings:
    """Read the tables under [tool.archcost] of a file's text.

    Raises:
        ConfigError: as for `read_settings`; its message is one line, even if a table's name has line breaks.
    """
    try:
        return _parse(text, file)
    except ConfigError as error:
        raise type(error)(cut(make_printable(str(error)))) from error


def _parse(text: str, file: Path) -> Settings:
    try:
        data = parse_toml(text)
    except ValueError as error:
        raise ConfigError(f"{file}: {error}") from error
    ours = _table(_table(data.get("tool", {}), f"{file.name}: tool").get("archcost", {}), f"{file.name}: tool.archcost")
    place = f"{file.name}: tool.archcost"
    _check_keys(ours, SECTIONS, place)
    networks = _table(ours.get("networks", {}), f"{place}.networks")
    if not networks:
        raise NotConfiguredError(f"{file} has no [tool.archcost.networks.NAME]; `archcost init NET` writes one")
    plans = [plan for name, table in networks.items() for plan in _plans(name, table, f"{place}.networks.{name}")]
    _once(plans, place)
    budgets = parse_budgets(_table(ours.get("budgets", {}), f"{place}.budgets"), file.name, "tool.archcost.budgets")
    for pattern in budgets.patterns:
        if not any(fnmatchcase(plan.name, pattern) for plan in plans):
            hint = closest(pattern, [plan.name for plan in plans], f"there are {', '.join(p.name for p in plans[:20])}")
            raise ConfigError(f'{place}.budgets."{pattern}" fits no network; {hint}')
    return Settings(file=file, plans=tuple(plans), budgets=budgets)


def _plans(name: str, value: Any, place: str) -> list[Plan]:
    """Read one table: the network of that name, or several networks if `spec` is a list or a pattern."""
    table = _table(value, place)
    _check_keys(table, KEYS, place)
    if "spec" not in table:
        raise ConfigError(f'{place} has no spec: the network, such as spec = "model.py:build" or spec = "resnet50"')
    specs = _texts(table["spec"], f"{place}.spec")
    rest: dict[str, Any] = {
        "inputs": _inputs(table.get("input", []), f"{place}.input"),
        "batch": _batch(table.get("batch", 1), f"{place}.batch"),
        "mode": _read_choice(table.get("mode", "eval"), MODES, f"{place}.mode"),
        "train": _read_choice(table["train"], OPTIMIZERS, f"{place}.train") if "train" in table else None,
        "device": _read_choice(table.get("device", COUNTING), (COUNTING, "meta", "cpu", *GPUS), f"{place}.device"),
        "like": _read_choice(table["like"], FOLLOWED, f"{place}.like") if "like" in table else None,
    }
    if isinstance(table["spec"], str) and "*" not in table["spec"]:
        return [Plan(name=name, group=name, spec=table["spec"], **rest)]
    found = [spec for text in specs for spec in _matching(text, f"{place}.spec")]
    return [Plan(name=spec, group=name, spec=spec, **rest) for spec in dict.fromkeys(found)]


def _matching(text: str, place: str) -> list[str]:
    """Return the networks of the zoo that a pattern matches; a text without a star is a network itself."""
    if "*" not in text:
        return [text]
    found = [entry.id for entry in REGISTRY if fnmatchcase(entry.id, text)]
    if not found:
        raise ConfigError(f"{place}: {text!r} fits no network of `archcost list`")
    return found


def _once(plans: Iterable[Plan], place: str) -> None:
    groups: dict[str, str] = {}
    for plan in plans:
        if plan.name in groups:
            raise ConfigError(
                f"{place}.networks: {plan.name!r} is in both {groups[plan.name]!r} and {plan.group!r}; the lock file "
                "could not tell them apart"
            )
        groups[plan.name] = plan.group


def _inputs(value: Any, place: str) -> tuple[str, ...]:
    texts = _texts(value, place)
    for text in texts:
        try:
            parse_input(text)
        except InputError as error:
            raise ConfigError(f"{place}: {error}") from error
    return texts


def _texts(value: Any, place: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise ConfigError(f"{place} must be a text or a list of texts, not {value!r}")
    return tuple(texts)


def _batch(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{place} must be a whole number of at least 0, not {value!r}")
    return value


def _read_choice(value: Any, allowed: Sequence[str], place: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ConfigError(f"{place} must be one of {', '.join(allowed)}, not {value!r}")
    return value


def _check_keys(table: Mapping[str, Any], keys: Sequence[str], place: str) -> None:
    for key in table:
        if key not in keys:
            raise ConfigError(
                f"{place}.{key}: there is no such key; {closest(key, keys, 'there are ' + ', '.join(keys))}"
            )


def _table(value: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{place} must be a table, not {value!r}")
    return value
