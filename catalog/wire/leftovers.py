"""The rest of a job object while its fields are taken out of it, and what could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog.wire.words import spelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.wire.values import Value


class Leftovers:
    """A copy of an object for readers to take their keys from: what `rest` returns in the end is a video's `extra`.

    `keys` are in snake case unless the object `is_plain`, that is, has only such keys already. A value that its reader
    refuses stays, and `flaws` names it in words for a person. An object inside the job goes by `name` there.
    """

    __slots__ = ("_others", "_prefix", "_spelling", "flaws", "keys")

    def __init__(
        self,
        payload: dict[str, Any],
        flaws: list[str] | None = None,
        name: str | None = None,
        *,
        is_plain: bool = True,
    ) -> None:
        self.flaws = [] if flaws is None else flaws
        self._prefix = f"{name}." if name else ""
        self._spelling: dict[str, str] = {}
        self._others: dict[str, Any] = {}
        if is_plain:
            self.keys = dict(payload)
        else:
            self.keys, self._spelling, self._others = spelled(payload)

    def take(self, key: str, read: Callable[[object], Value | None]) -> Value | None:
        """The value under the key, as read, and out of `keys`; None where it is null, missing or refused."""
        raw = self.keys.pop(key, None)
        if raw is None:
            return None
        try:
            return read(raw)
        except ValueError:
            self.refuse(key, raw)
            return None

    def refuse(self, key: str, raw: object) -> None:
        """Put back a value that could not be read, and note the flaw."""
        self.keys[key] = raw
        self.flaws.append(f"{self._prefix}{self._spelling.get(key, key)} could not be read")

    def rest(self) -> dict[str, Any]:
        """What nobody took, under the keys that it came with."""
        if not (self._spelling or self._others):
            return self.keys
        return {self._spelling.get(key, key): value for key, value in self.keys.items()} | self._others
