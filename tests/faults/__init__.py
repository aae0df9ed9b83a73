"""Random runs of the pipeline against a chain, a network and processes that fail. `make faults`."""
