"""The gate: the one way by which identities leave (law 1).

`gate` takes questions and releases answers, `batch` judges and writes them in one transaction, `presentation` makes
what is shown of a person. `Released` is sealed in `gate` and nowhere else.
"""
