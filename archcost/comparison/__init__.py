"""Networks side by side: their costs and their published accuracies."""
