"""Networks side by side: what they cost, how accurate they are published to be, and what charts of both show."""
