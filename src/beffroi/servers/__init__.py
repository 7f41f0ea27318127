"""Floor 4: the doors. They parse and render; they never reach the store but through actions."""
