"""How a page is laid out, whatever it shows: for a terminal, as Markdown, as HTML, as CSV."""
