"""Measurement of time, memory and energy: every measured number of archcost comes from here."""
