"""Request parameters, read as strictly as Stripe reads them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from payments.sandbox.errors import invalid, missing_parameter, not_served, unknown_parameters
from payments.sandbox.http.encoding import Sent

INTEGER = re.compile(r"-?[0-9]{1,18}")


class Parameter(Protocol):
    """Reads one value that was sent, `at` a name such as `line_items[0][quantity]`."""

    @property
    def required(self) -> bool: ...

    def read(self, sent: Sent, at: str) -> Any: ...


@dataclass(frozen=True)
class Text:
    required: bool = False
    most: int = 5000
    choices: tuple[str, ...] = ()

    def read(self, sent: Sent, at: str) -> str:
        text = scalar(sent, at)
        if not text:
            message = f"You passed an empty string for '{at}'. Remove it from your request or supply a value."
            raise invalid(at, message, "parameter_invalid_empty")
        if len(text) > self.most:
            message = f"Invalid string: {text[:10]}…{text[-10:]}; must be at most {self.most} characters"
            raise invalid(at, message, "parameter_invalid_string_too_long")
        if self.choices and text not in self.choices:
            raise invalid(at, f"Invalid {at}: must be one of {' or '.join(self.choices)}")
        return text


@dataclass(frozen=True)
class Integer:
    required: bool = False
    least: int | None = None
    most: int | None = None

    def read(self, sent: Sent, at: str) -> int:
        text = scalar(sent, at)
        if not INTEGER.fullmatch(text):
            raise invalid(at, f"Invalid integer: {text[:40]}", "parameter_invalid_integer")
        number = int(text)
        if self.least is not None and number < self.least:
            message = f"This value must be greater than or equal to {self.least}."
            raise invalid(at, message, "parameter_invalid_integer")
        if self.most is not None and number > self.most:
            raise invalid(at, f"This value must be less than or equal to {self.most}.", "parameter_invalid_integer")
        return number


@dataclass(frozen=True)
class Boolean:
    required: bool = False

    def read(self, sent: Sent, at: str) -> bool:
        text = scalar(sent, at)
        if text not in ("true", "false"):
            raise invalid(at, f"Invalid boolean: {text[:40]}")
        return text == "true"


@dataclass(frozen=True)
class Hash:
    fields: Mapping[str, Parameter]
    required: bool = False

    def read(self, sent: Sent, at: str) -> dict[str, Any]:
        values = hash_of(sent, at)
        unknown = [inside(at, name) for name in values if name not in self.fields]
        if unknown:
            raise unknown_parameters(unknown)
        for name, field in self.fields.items():
            if field.required and name not in values:
                raise missing_parameter(inside(at, name))
        return {name: self.fields[name].read(value, inside(at, name)) for name, value in values.items()}


@dataclass(frozen=True)
class ListOf:
    item: Parameter
    required: bool = False
    most: int = 100

    def read(self, sent: Sent, at: str) -> list[Any]:
        values = hash_of(sent, at)
        if list(values) != [str(index) for index in range(len(values))]:
            raise invalid(at, "Invalid array")
        if len(values) > self.most:
            raise invalid(at, f"Array {at} exceeded maximum {self.most} allowed elements.")
        return [self.item.read(value, inside(at, index)) for index, value in values.items()]


@dataclass(frozen=True)
class Metadata:
    required: bool = False

    def read(self, sent: Sent, at: str) -> dict[str, str]:
        values = {name: scalar(value, inside(at, name)) for name, value in hash_of(sent, at).items()}
        if len(values) > 50:
            raise invalid(at, "Metadata can have up to 50 keys.")
        for name, value in values.items():
            if len(name) > 40 or len(value) > 500:
                raise invalid(inside(at, name), "Metadata keys can have up to 40 characters, and values up to 500.")
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class NotServed:
    """Known to Stripe, not to the stand-in: refused in words that tell the two apart."""

    required: bool = False

    def read(self, sent: Sent, at: str) -> NoReturn:
        raise not_served(at)


def scalar(sent: Sent, at: str) -> str:
    if not isinstance(sent, str):
        raise invalid(at, f"Invalid string: {at} is a hash or an array")
    return sent


def hash_of(sent: Sent, at: str) -> dict[str, Sent]:
    if isinstance(sent, str):
        raise invalid(at, "Invalid object" if sent else f"You passed an empty string for '{at}'.")
    return sent


def inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name
