"""Floor 5: the processes. A supervisor that binds the sockets, and its children: web, MLLP and worker.

`supervisor` starts and restarts children, `control` is the line between it and them, `preparation` checks an
installation before anything is served, `assembly` turns settings into what the other floors take, and `web`, `mllp`
and `worker` build one process each.
"""
