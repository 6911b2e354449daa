"""A query as a tree: And, Or and Not over Terms. It knows neither fields nor tables nor SQL.

Trees compare by what they mean as written: positions do not count. `str` of a tree is a query that parses to it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTE = '"'


class _Part:
    """How parts of a tree compare; written once, because dataclasses that each make it by themselves start slowly."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash((type(self), self._compared()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _compared(self) -> tuple[object, ...]:
        return tuple([getattr(self, each.name) for each in fields(self) if each.compare])  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Value(_Part):
    """A word, a phrase or the value of a field, without its quotation marks and its last `*`."""

    text: str
    is_quoted: bool = False
    is_prefix: bool = False

    def __str__(self) -> str:
        text = QUOTE + self.text.replace(QUOTE, QUOTE * 2) + QUOTE if self.is_quoted else self.text
        return f"{text}*" if self.is_prefix else text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Term(_Part):
    """One condition: any of the values, of the field called `name`, which is not checked to be one; None for words.

    With `is_exact` a value is meant whole. `position` is where the term begins in the query; `is_dangling` marks an
    operator that is a word because it lacks an operand.
    """

    values: tuple[Value, ...]
    name: str | None = None
    is_exact: bool = False
    position: int = field(default=0, compare=False)
    is_dangling: bool = field(default=False, compare=False)

    @property
    def content(self) -> str:
        """Name and values together: the text to search for where the name is not a field."""
        text = ",".join(value.text for value in self.values)
        return text if self.name is None else f"{self.name}:{'=' if self.is_exact else ''}{text}"

    @property
    def words(self) -> Value:
        """The term as a word or phrase."""
        return Value(
            self.content,
            any(value.is_quoted for value in self.values),
            self.values[-1].is_prefix,
        )

    def __str__(self) -> str:
        name = "" if self.name is None else f"{self.name}:{'=' if self.is_exact else ''}"
        return name + ",".join(map(str, self.values))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(_Part):
    """What the operand does not match."""

    operand: Node

    def __str__(self) -> str:
        text = grouped(self.operand)
        return f"-({text} )" if text.startswith("-") else f"-{text}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class And(_Part):
    """What all operands match, of which there are at least two."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " ".join(grouped(node) if isinstance(node, And | Or) else str(node) for node in self.operands)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Or(_Part):
    """What any operand matches, of which there are at least two."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(grouped(node) if isinstance(node, Or) else str(node) for node in self.operands)


Node = And | Or | Not | Term


def list_terms(node: Node | None) -> Iterator[tuple[Term, bool]]:
    """Every term of the tree, in order, and whether it is negated."""
    waiting = [] if node is None else [(node, False)]
    while waiting:
        node, is_negated = waiting.pop()
        if isinstance(node, Term):
            yield node, is_negated
        elif isinstance(node, Not):
            waiting.append((node.operand, not is_negated))
        else:
            waiting += [(operand, is_negated) for operand in reversed(node.operands)]


def grouped(node: Node) -> str:
    """The node as one operand; the blank keeps a parenthesis that a word leaves open from taking ours."""
    if isinstance(node, Term):
        return str(node)
    text = str(node)
    return f"({text} )" if "(" in text or "（" in text else f"({text})"
