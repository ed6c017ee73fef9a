"""The contents of each command's output, built from results alone; `archcost.page` writes them in a format."""
