"""Programs of our own that run networks, so that what a network does takes nothing from the process that asks."""
