"""Whether the books end as the chain has it, to the wei, after a long mixed run with faults."""
