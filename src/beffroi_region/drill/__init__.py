"""The drill: a synthetic region in simulated time, honest work and thieves, and what the watch makes of both.

`habits` and `work` are honest professionals, `account` is what the gate keeps of each, `moves` what a thief can do,
`scenarios` the attacks and the genuine work that looks like one, `season` a plain year of the whole region.
"""
