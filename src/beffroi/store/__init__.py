"""Floor 2: what is kept. PostgreSQL is the one online store; SQL lives in queries/ and migrations/."""
