"""Reports as text: for a terminal, as Markdown, as CSV, as JSON. A renderer sees nothing but the report."""

from archcost.render.render import (
    FORMATS as FORMATS,
    VIEWS as VIEWS,
    check_options as check_options,
    render as render,
)
