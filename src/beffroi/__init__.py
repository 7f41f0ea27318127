"""Beffroi: a regional patient identity server in which a stolen account cannot become a regional breach."""

__version__ = "0.1.0"
