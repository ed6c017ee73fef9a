"""Pages as one self-contained HTML file: no network, a strict content security policy, readable without its script."""

from archcost.page.html.document import write_text as write_text
