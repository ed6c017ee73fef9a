"""render_check(check, format): differences, and whether budgets allow them, in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TextIO, get_args

from archcost.errors import ArgumentError

if TYPE_CHECKING:
    from archcost.records import Check

Format = Literal["terminal", "markdown", "json", "junit", "html"]
FORMATS: tuple[str, ...] = get_args(Format)


def render_check(
    check: Check,
    format: str = "terminal",  # noqa: A002 - what the command line calls it
    *,
    width: int | None = None,
    color: str = "auto",
    target: TextIO | None = None,
) -> str:
    """Return a check as text.

    Args:
        check: the networks, compared and judged.
        format: "terminal", "markdown" (made for one comment that is edited again and again), "json", "junit", "html".
        width: columns of the terminal; see `archcost.page.target.fitted`, also for the next two.
        color: "always", "never" or "auto".
        target: where the text will be written.

    Raises:
        ArgumentError: a format that does not exist.
    """
    if format == "markdown":
        from archcost.render.check_markdown import markdown

        return markdown(check)
    if format == "json":
        from archcost.render.check_data import to_json

        return to_json(check)
    if format == "junit":
        from archcost.render.check_data import to_junit

        return to_junit(check)
    if format not in FORMATS:
        raise ArgumentError(f"there is no format {format!r}; there are {', '.join(FORMATS)}")
    from archcost.render.check_terminal import pages

    if format == "html":
        from archcost.page.html import html

        return html(*pages(check))
    from archcost.page.target import fitted

    texts = (fitted(page, target, width=width, color=color).rstrip("\n") for page in pages(check))
    return "\n\n".join(texts) + "\n"
