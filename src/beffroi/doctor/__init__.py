"""Floor 5: is this installation what it must be? Findings in words, with what to do.

`finding` is one answer, `files` looks at files and disks, `databases` at PostgreSQL, `doors` at issuers and settings,
and `examination` asks everything.
"""
