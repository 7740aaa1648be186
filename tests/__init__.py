"""The suites: tidy, unit, property, contract, scenario and interop."""
