"""The stages that jobs are made of."""
