"""Layout of pages, whatever they show: for a terminal, as Markdown, as HTML, as CSV."""
