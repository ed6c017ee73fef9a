"""The words that options and arguments choose among; they load nothing, for help and completion to be quick."""

OPTIMIZERS = ("sgd", "momentum", "adam", "adamw")
LOSSES = ("cross-entropy", "sum")
TIMERS = ("events", "graph")
