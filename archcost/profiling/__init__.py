"""One network, or many, run and accounted for: `profile`, `fit`, `sweep`, `profile_many`."""
