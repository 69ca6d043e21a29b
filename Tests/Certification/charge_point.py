"""What the laboratory needs of a charge point that it cannot have by OCPP: somebody who starts it and who stands in front of it.

A charge point of another maker is tested by writing one class like `wallbox.Wallbox`; the cases and their judgement know nothing else."""

import abc
import dataclasses


@dataclasses.dataclass(frozen=True)
class Form:
    """How the charge point is built, as its maker writes it in the laboratory's form (PICS)."""

    connectors: int = 1
    detachable_cable: bool = False
    readers: int = 1
    ups: bool = False


class ChargePoint(abc.ABC):
    """One charge point with an operator in front of it. Every act returns when it is done, not when it shows."""

    def __init__(self, form):
        self.form = form

    @abc.abstractmethod
    def start(self, url, settings):
        """Switches it on for the first time, in its state of delivery, towards the central system at `url`. `settings` are
        configuration keys that the maker sets for this run because OCPP cannot (optional keys that it has only then)."""

    @abc.abstractmethod
    def close(self):
        """The run is over: switches everything off and tidies up."""

    @abc.abstractmethod
    def plug(self, connector=1, ready=True):
        """Connects an EV that asks for energy, or with `ready` false one that does not yet."""

    @abc.abstractmethod
    def unplug(self, connector=1):
        """Pulls the cable at the EV, and where it can be detached and is free, at the charge point."""

    @abc.abstractmethod
    def unplug_at_car(self, connector=1):
        """Pulls the cable at the EV only."""

    @abc.abstractmethod
    def present(self, card, reader=1):
        """Holds a card to a reader, long enough after the last time to count as new. `card` is its UID, which is the idTag."""

    @abc.abstractmethod
    def cut_link(self):
        """The network is gone."""

    @abc.abstractmethod
    def mend_link(self):
        """The network is back."""

    @abc.abstractmethod
    def cut_power(self):
        """The mains fails."""

    @abc.abstractmethod
    def restore_power(self):
        """The mains is back."""

    @abc.abstractmethod
    def break_part(self, fault, connector=1):
        """Makes something fail; `fault` is a word of FAULTS."""

    @abc.abstractmethod
    def mend_part(self, fault, connector=1):
        """Repairs it, as a technician does who also acknowledges the fault."""


FAULTS = {
    "ground fault", "welded contactor", "contactor that does not close", "silent meter", "jumping meter", "pilot error",
    "over-temperature", "over-current", "reader failure", "lock failure", "jammed lock",
}
