"""Whether everything stands that a start, or a first amount on a mainnet, relies on."""
