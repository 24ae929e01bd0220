"""The statistics. Pure: arrays and tables in, frozen results out, randomness from a seed alone."""
