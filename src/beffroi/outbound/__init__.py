"""Floor 2: what goes to other machines, and what is fetched from them."""
