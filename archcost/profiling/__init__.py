"""Run one network or many and count their costs: `profile`, `fit`, `sweep`, `profile_many`."""
