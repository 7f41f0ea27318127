"""Floor 3: what Beffroi does. Each action joins pure ideas with the store."""
