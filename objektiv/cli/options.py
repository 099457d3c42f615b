"""Command-line options made from settings, so that a default and its help stand in one place.

In: a settings class. Out: a decorator that gives a command one option a field, and hands the
command the finished settings: values of `--settings FILE` first, then the options given.
Try: `objektiv train --help`.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from objektiv.base.settings import Settings, make, read_yaml

FILE = "settings_file"

Data = Annotated[
    Path,
    typer.Argument(
        help="Folder with a folder of images for each class.", metavar="DATA", show_default=False
    ),
]


def settings_options(
    kind: type[Settings], *, leave_out: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the command's parameter `settings` by an option for each field of `kind`.

    Options come as text and are checked by the settings themselves, which then tell every mistake
    at once.
    """
    fields = {n: f for n, f in kind.model_fields.items() if n not in leave_out}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(**given: Any) -> None:
            file = given.pop(FILE)
            values = read_yaml(kind, file).model_dump(exclude_unset=True) if file else {}
            for name in fields:
                text = given.pop(name)
                if text is not None:
                    values[name] = text.split(",") if _is_tuple(fields[name]) else text
            command(settings=make(kind, values, source="the options"), **given)

        own = inspect.signature(command, eval_str=True).parameters.values()
        kept = [p for p in own if p.name != "settings"]
        options = [_option(name, field) for name, field in fields.items()]
        parameters = [*kept, *options, _file_option()]
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
        return wrapper

    return decorate


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    option = typer.Option(
        f"--{name.replace('_', '-')}",
        help=f"{field.description}{_shown(field.default)}",
        metavar=_metavar(field.annotation),
        show_default=False,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, option],
    )


def _file_option() -> inspect.Parameter:
    option = typer.Option(
        "--settings",
        help="YAML file of these options, as a run keeps it in settings.yaml; an option beside "
        "it wins.",
        metavar="FILE",
    )
    return inspect.Parameter(
        FILE,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[Path | None, option],
    )


def _shown(default: object) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        default = "yes" if default else "no"
    text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
    return f" [default: {text}]"


def _is_tuple(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple


def _metavar(kind: Any) -> str:
    """What stands behind an option in the help: `INTEGER`, `auto|INTEGER`, `A,B,C`."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _metavar(get_args(kind)[0])
    if origin is Literal:
        return "|".join(map(str, get_args(kind)))
    if origin in (Union, types.UnionType):
        return "|".join(_metavar(k) for k in get_args(kind) if k is not type(None))
    if origin is tuple:
        of, *more = get_args(kind)
        return f"{_metavar(of)},..." if more == [...] else ",".join("NUMBER" for _ in (of, *more))
    return {int: "INTEGER", float: "NUMBER", Path: "PATH", bool: "yes|no"}.get(kind, "TEXT")
