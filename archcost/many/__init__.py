"""Many networks at once: `profile_many`."""

from archcost.many.many import Failure, profile_many, remembered

__all__ = ["Failure", "profile_many", "remembered"]
