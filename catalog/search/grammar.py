"""The query language: text in, a tree out. Pure; it knows neither fields nor tables nor SQL.

All terms must match, and in capitals AND, OR and NOT stand between them or before one::

    neon street             two words
    "neon street"           a phrase; a quotation mark inside is doubled; a missing last one is forgiven
    neon*                   words that begin so; "neon str"* does the same with a phrase
    model:sora-2            a field and its value; model:"a b" with blanks in it; model:sora* for a beginning
    model:a,"b c"           any of these values; model:=a for the whole value
    effective.mood:calm     a name may have a second part
    -dog -"red car" NOT status:failed      what must not match
    a OR b c                a, or both b and c: NOT and - bind most, then the blank and AND, then OR
    (a OR b) -(c d)         a parenthesis opens only where a term begins; one that lacks its other is forgiven

Quotation marks, parentheses, colon and blank of East Asian keyboards count as theirs. Every other character is data,
and an operator that lacks an operand is a word: a text is never a syntax error.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import QueryError
from catalog.search.query import And, Node, Not, Or, Term, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_CHARACTERS = 10_000
MAX_VALUES = 500
MAX_DEPTH = 25
_REMEMBERED = 64  # queries: a page reads its own, and each of its clauses, several times

OPERATORS = frozenset({"AND", "OR", "NOT"})
_OPEN, _CLOSE = "(（", ")）"
_CLOSING = {'"': '"', "＂": '"＂', "“": "”“", "”": "”“", "「": "」", "『": "』"}
# Marks beyond ASCII stand in no pattern: to compile one with them takes 8 ms.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)?")
_COLONS = frozenset(":：")


class _Token(NamedTuple):
    """A term, or without one the parenthesis at `position`."""

    position: int
    term: Term | None = None
    is_negated: bool = False
    is_close: bool = False

    @property
    def operator(self) -> str | None:
        """The operator that the token is, if it has operands."""
        if self.term is None or self.is_negated or self.term.name is not None:
            return None
        value = self.term.values[0]
        return value.text if value.text in OPERATORS and not (value.is_quoted or value.is_prefix) else None


@lru_cache(_REMEMBERED)
def parse(query: str) -> Node | None:
    """The tree of a query, None for one without terms; raises QueryError only where there is too much of it."""
    if len(query) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(query):,} characters, more than {MAX_CHARACTERS:,}: shorten it")
    reader = _Reader(_storable(query))
    return _checked(_build(_without_empty_groups(reader.read_tokens())))


def list_spans(query: str) -> list[tuple[int, int]]:
    """Where each operand at the top of the query begins and ends, its minus or NOT included."""
    reader = _Reader(_storable(query))
    spans: list[tuple[int, int]] = []
    begin, depth = None, 0
    for token in reader.read_tokens():
        if not depth and token.operator in {"AND", "OR"}:
            continue
        begin = token.position if begin is None else begin
        depth += (token.term is None and not token.is_close) - token.is_close
        if not depth and token.operator != "NOT":
            spans.append((begin, reader.position))
            begin = None
    if begin is not None:
        spans.append((begin, len(query.rstrip())))
    return spans


def _storable(text: str) -> str:
    """The text as UTF-8 can hold it, with a blank for NUL, which ends a text in C; offsets stay."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


class _Reader:
    """The text of a query, and how far it has been read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.open_groups = 0
        self.values = 0

    def read_tokens(self) -> Iterator[_Token]:
        while self.position < len(self.text):
            character, start = self.text[self.position], self.position
            if character.isspace():
                self.position += 1
            elif character in _CLOSE:
                self.position += 1
                if self.open_groups:
                    self.open_groups -= 1
                    yield _Token(start, is_close=True)
            else:
                self.position = start + self._count_minuses(start)
                yield self._read_operand(start, is_negated=self.position > start)

    def _count_minuses(self, start: int) -> int:
        """How many stand before an operand; those that stand before none are text."""
        end = start
        while self.text[end : end + 1] == "-":
            end += 1
        following = self.text[end : end + 1]
        return end - start if following and not following.isspace() and following not in ")）" else 0

    def _read_operand(self, start: int, *, is_negated: bool) -> _Token:
        if self.text[self.position] in _OPEN:
            self.position += 1
            self.open_groups += 1
            return _Token(start, is_negated=is_negated)
        return _Token(start, self._read_term(start), is_negated)

    def _read_term(self, start: int) -> Term:
        begin = self.position
        named = _NAME.match(self.text, begin)
        if named and self.text[named.end() : named.end() + 1] in _COLONS:
            is_exact = self.text[named.end() + 1 : named.end() + 2] == "="
            self.position = named.end() + 1 + is_exact
            if values := self._read_values(is_exact=is_exact):
                return Term(values, named[0], is_exact, start)
            self.position = begin
        if self.text[begin] in _CLOSING:
            return Term((self._read_quoted(is_exact=False),), position=start)
        return Term((self._read_bare(is_exact=False, ends=""),), position=start)

    def _read_values(self, *, is_exact: bool) -> tuple[Value, ...]:
        """The values with commas between them; none where a blank or the end follows the colon."""
        start, values = self.position, []
        while self.position < len(self.text):
            if self.text[self.position] in _CLOSING:
                values.append(self._read_quoted(is_exact=is_exact))
            else:
                value = self._read_bare(is_exact=is_exact, ends=",")
                values += [value] if value.text or value.is_prefix else []
            if self.text[self.position : self.position + 1] != ",":
                break
            self.position += 1
        if not values and self.position > start:
            return (Value(self.text[start : self.position]),)
        return tuple(values)

    def _read_quoted(self, *, is_exact: bool) -> Value:
        closing = _CLOSING[self.text[self.position]]
        parts, self.position = [], self.position + 1
        while self.position < len(self.text):
            character = self.text[self.position]
            self.position += 1
            if character in closing:
                if not (character == '"' and self.text[self.position : self.position + 1] == '"'):
                    break
                self.position += 1
            parts.append(character)
        is_prefix = not is_exact and self.text[self.position : self.position + 1] == "*"
        self.position += is_prefix
        return self._counted(Value("".join(parts), is_quoted=True, is_prefix=is_prefix))

    def _read_bare(self, *, is_exact: bool, ends: str) -> Value:
        """The text up to a blank, one of `ends`, or a parenthesis that closes what was opened before it."""
        start, depth = self.position, 0
        while self.position < len(self.text):
            character = self.text[self.position]
            depth += (character in _OPEN) - (character in _CLOSE)
            if character.isspace() or character in ends or depth < 0:
                break
            self.position += 1
        text = self.text[start : self.position]
        is_prefix = text.endswith("*") and not is_exact
        return self._counted(Value(text.removesuffix("*") if is_prefix else text, is_prefix=is_prefix))

    def _counted(self, value: Value) -> Value:
        self.values += 1
        if self.values > MAX_VALUES:
            raise QueryError(
                f"the query has more than {MAX_VALUES} terms and values: leave some out", position=self.position
            )
        return value


def _without_empty_groups(tokens: Iterator[_Token]) -> list[_Token]:
    kept: list[_Token] = []
    for token in tokens:
        if token.is_close and kept and kept[-1].term is None and not kept[-1].is_close:
            kept.pop()
        else:
            kept.append(token)
    while kept and kept[-1].term is None and not kept[-1].is_close:
        kept.pop()
    return kept


class _Group:
    """What stands between two parentheses, as far as it has been read: alternatives, each of terms that must match."""

    def __init__(self, *, is_negated: bool = False) -> None:
        self.is_negated = is_negated
        self.alternatives: list[list[Node]] = [[]]
        self.awaits_operand = False
        self.negates_next = False

    @property
    def has_left(self) -> bool:
        """Whether an operator would have a left operand."""
        return bool(self.alternatives[-1]) and not (self.awaits_operand or self.negates_next)

    def operate(self, operator: str) -> None:
        if operator == "NOT":
            self.negates_next = not self.negates_next
            return
        if operator == "OR":
            self.alternatives.append([])
        self.awaits_operand = True

    def take_negation(self, *, is_negated: bool) -> bool:
        """Whether the next operand, which has a minus or not, is negated in all."""
        negates, self.negates_next = self.negates_next, False
        return negates != is_negated

    def add(self, node: Node, *, is_negated: bool) -> None:
        self.awaits_operand = False
        if is_negated:
            node = node.operand if isinstance(node, Not) else Not(node)
        self.alternatives[-1] += node.operands if isinstance(node, And) else (node,)

    def close(self) -> Node:
        """The node that the group is; there is at least one operand, and equal ones count once."""
        nodes = [_join(And, operands) for operands in self.alternatives]
        return _join(Or, [part for node in nodes for part in (node.operands if isinstance(node, Or) else (node,))])


def _join(kind: type[And | Or], operands: list[Node]) -> Node:
    distinct = tuple(dict.fromkeys(operands))
    return distinct[0] if len(distinct) == 1 else kind(distinct)


def _build(tokens: list[_Token]) -> Node | None:
    groups = [_Group()]
    for index, token in enumerate(tokens):
        group = groups[-1]
        has_right = index + 1 < len(tokens) and not tokens[index + 1].is_close
        operator = token.operator
        if operator and has_right and (operator == "NOT" or group.has_left):
            group.operate(operator)
        elif token.is_close:
            _close(groups)
        elif token.term is None:
            groups.append(_Group(is_negated=group.take_negation(is_negated=token.is_negated)))
        else:
            term = _dangling(operator, token.position) if operator else token.term
            group.add(term, is_negated=group.take_negation(is_negated=token.is_negated))
    while len(groups) > 1:
        _close(groups)
    return groups[0].close() if tokens else None


def _dangling(operator: str, position: int) -> Term:
    return Term((Value(operator, is_quoted=True),), position=position, is_dangling=True)


def _close(groups: list[_Group]) -> None:
    group = groups.pop()
    groups[-1].add(group.close(), is_negated=group.is_negated)


def _checked(tree: Node | None) -> Node | None:
    waiting = [] if tree is None else [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise QueryError(f"the query nests groups more than {MAX_DEPTH} deep: leave some parentheses out")
        if isinstance(node, Not):
            waiting.append((node.operand, depth + 1))
        elif not isinstance(node, Term):
            waiting += [(operand, depth + 1) for operand in node.operands]
    return tree
