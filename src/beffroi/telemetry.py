"""Logs and metrics: a closed vocabulary of events, none of which can carry an identity, a token or a search value.

Every log line goes through `log(event, **facts)`. A fact's name must be in `FACTS`, its value a number, a boolean, an
enum or a short code: free text from outside has no way in.
"""
