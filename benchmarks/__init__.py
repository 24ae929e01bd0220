"""The tables of docs/benchmarks.md: a module a benchmark, run as ``python -m benchmarks NAME``."""
