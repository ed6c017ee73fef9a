"""Callbacks that log a training run's throughput: `lightning.CostLogger`, `transformers.CostLogger`."""
