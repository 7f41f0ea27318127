"""The ways on of a held account, and the way back: each bounded, each an event in the account's own chain.

`acting` opens the transaction in which they happen, under the locks that the gate takes; the others are a way each.
"""
