"""Measurement of time, memory and energy: every measured number of archcost comes from here."""

from archcost.clock.measure import Job as Job, measure as measure
from archcost.clock.protocol import Clock as Clock
from archcost.clock.regime import autocast as autocast, check_dtype as check_dtype, regime as regime
