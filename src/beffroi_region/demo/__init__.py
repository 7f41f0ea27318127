"""`beffroi demo`: a whole region on this machine, built through the real ways in, for the loopback only.

`run` starts it; `token`, `call` and `send` use it from another terminal. `folder` keeps what it is made of, `settings`
writes its configuration, `building` fills it, `running` holds it together, `using` talks to it, `examples` chooses what
to print and `screen` says it in two languages.
"""

from beffroi_region.demo.running import run
from beffroi_region.demo.using import call, send, token

__all__ = ["call", "run", "send", "token"]
