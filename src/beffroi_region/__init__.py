"""A synthetic region with a known truth, for the demo, tests and benchmarks; `beffroi serve` cannot reach it."""
