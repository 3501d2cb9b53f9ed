"""Settings: what may be set, from where it is taken, what it is when nobody sets it.

Order: command line, environment, `tracelens.toml` in the working folder, default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from tracelens.errors import ConfigError

FILE = "tracelens.toml"
ROLES = ("server", "loadbalancer", "gateway", "exo", "relay-client", "scanner", "monitor")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: Key in `tracelens.toml`.
        variable: Environment variable.
        default: Value when nobody sets it.
        doc: What it does.
        is_number: Whether it is a whole number.
    """

    name: str
    variable: str
    default: Any
    doc: str
    is_number: bool = False


SETTINGS = (
    Setting("store", "TRACELENS_STORE", "tracelens-store", "folder of the store"),
    Setting("memory_limit", "TRACELENS_MEMORY_LIMIT", None, "memory limit of DuckDB while building, e.g. 512MB"),
    Setting("workers", "TRACELENS_WORKERS", None, "reading processes; the number of cores when not set", True),
    Setting("rules", "TRACELENS_RULES", None, "folder with further rules"),
    Setting("unverified", "TRACELENS_UNVERIFIED", False, "true: ask signatures too that no real log has confirmed yet"),
    Setting("upload_mb", "TRACELENS_UPLOAD_MB", 200, "largest upload on the dashboard's page Ingest; 0 turns it off"),
)


def setting(name: str) -> Any:
    """Gives the value of a setting from environment, file or default.

    Raises:
        ConfigError: `tracelens.toml` is wrong, or a number is none.
    """
    known = next(entry for entry in SETTINGS if entry.name == name)
    held = os.environ.get(known.variable) or _file().get(name)
    if held in (None, ""):
        return known.default
    if known.is_number and not re.fullmatch(r"\d{1,6}", str(held).strip()):
        raise ConfigError(f"'{held}' is no whole number", f"setting {name}, {known.variable}", known.doc)
    return held


def rule_params() -> Mapping[str, Mapping[str, Any]]:
    """Gives new values of rule parameters: tables `[rule.<id>]` in `tracelens.toml`.

    Raises:
        ConfigError: `tracelens.toml` is wrong.
    """
    found: Mapping[str, Mapping[str, Any]] = _file().get("rule", {})
    return found


def inventory() -> tuple[Mapping[str, str], ...]:
    """Gives roles of addresses and ranges: tables `[[inventory]]` in `tracelens.toml`.

    Raises:
        ConfigError: `tracelens.toml` is wrong.
    """
    rows: tuple[Mapping[str, str], ...] = tuple(_file().get("inventory", ()))
    return rows


def _file() -> Mapping[str, Any]:
    return _read(Path(FILE).absolute())


def _read(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", str(path)) from error
    for name in found:
        if name not in ("rule", "inventory") and name not in {entry.name for entry in SETTINGS}:
            raise ConfigError(f"unknown setting '{name}'", str(path), "see the settings in README")
    if not all(isinstance(row, dict) for row in found.get("rule", {}).values()):
        raise ConfigError("'rule' holds tables only", str(path), "write [rule.<id>] and the parameter below it")
    for row in found.get("inventory", []):
        _check_role(row, str(path))
    return found


def _check_role(row: Any, where: str) -> None:
    """Refuses a row of `[[inventory]]` that says something the build would not do."""
    known = ("network", "role", "server", "site")
    if not isinstance(row, dict) or not all(isinstance(row.get(key), str) and row[key] for key in known[:2]):
        raise ConfigError("a row of 'inventory' needs `network` and `role`", where, "write them below [[inventory]]")
    if unknown := sorted(set(row) - set(known)):
        raise ConfigError(f"unknown key '{unknown[0]}' in 'inventory'", where, f"known: {', '.join(known)}")
    if not all(isinstance(value, str) for value in row.values()):
        raise ConfigError("a row of 'inventory' holds texts only", where)
    if row["role"] not in ROLES:
        raise ConfigError(f"role '{row['role']}' is not one of {', '.join(ROLES)}", where)
    if not _is_network(row["network"]):
        raise ConfigError(
            f"'{row['network']}' is no address or range", where, "write 192.0.2.7, 192.0.2.0/24 or 192.0.2.1-192.0.2.9"
        )


def _is_network(text: str) -> bool:
    first, dash, last = text.partition("-")
    try:
        if dash:
            return ip_address(first).version == ip_address(last).version and int(ip_address(first)) <= int(
                ip_address(last)
            )
        ip_network(text.replace("(", "/").removesuffix(")"), strict=False)
    except ValueError:
        return False
    return True
