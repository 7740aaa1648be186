"""Faults on demand: each drawn from the seed, so that a run with faults can be repeated."""

from holdfast.simexchange.faults.armed import ANY, Armed, Faults, Scene, draw
from holdfast.simexchange.faults.entries import Fault, entries_from, load_faults
from holdfast.simexchange.faults.kinds import KINDS, TRAITS, FaultKind, Occasion

__all__ = [
    "ANY",
    "KINDS",
    "TRAITS",
    "Armed",
    "Fault",
    "FaultKind",
    "Faults",
    "Occasion",
    "Scene",
    "draw",
    "entries_from",
    "load_faults",
]
