"""Callbacks that tell loggers what a training run achieves: `lightning.CostLogger`, `transformers.CostLogger`."""
