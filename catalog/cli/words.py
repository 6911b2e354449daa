"""Command lines whose words may begin with a minus: queries, texts, and what stands among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_LIKE_AN_OPTION = re.compile(r"--[a-z][a-z-]*(=.*)?", re.DOTALL)
_WAITING = "catalog.cli.waiting"  # the option whose value is being completed


class BareOption(click.Option):
    """An option whose value may be left out, and then is `bare`; a value stands behind `=`, never in the next word."""

    def __init__(self, *names: Any, bare: str, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.bare = bare


class WordsCommand(click.Command):
    """A command whose words may begin with a minus, as `-dog`, `-1` and `- a list` do; no option is like these."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options first, and then the words, whatever their order was."""
        options = {name: option for option in self.get_params(ctx) for name in option.opts if name.startswith("-")}
        named: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            option = options.get(arg)
            if arg == "--":
                words.extend(rest)
            elif isinstance(option, BareOption):
                named.append(f"{arg}={option.bare}")
            elif isinstance(option, click.Option) and not option.is_flag:
                value = next(rest, None)
                if value is None:
                    self._miss_value(ctx, option, arg)
                else:
                    named += [arg, value]
            elif option or _LIKE_AN_OPTION.fullmatch(arg):
                named.append(arg)
            else:
                words.append(arg)
        return super().parse_args(ctx, [*named, "--", *words])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What may begin with a minus: an option, a word to exclude, or the value that an option waits for."""
        waiting: click.Option | None = ctx.meta.get(_WAITING)
        if waiting:
            return waiting.shell_complete(ctx, incomplete)
        several = [param for param in self.params if param.nargs == -1] if incomplete[1:2].isalpha() else []
        words = [item for param in several for item in param.shell_complete(ctx, incomplete)]
        return [*super().shell_complete(ctx, incomplete), *words]

    def _miss_value(self, ctx: click.Context, option: click.Option, name: str) -> None:
        if not ctx.resilient_parsing:
            raise click.BadOptionUsage(name, f"Option {name!r} requires an argument.", ctx)
        ctx.meta[_WAITING] = option
