"""The console: pages for people, rendered here, over the same actions and the same gate as every other door."""
