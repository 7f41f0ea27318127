"""Floor 0: the nouns that every other floor speaks. No verb, no effect."""
