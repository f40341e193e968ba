"""What the closed schema holds besides figures: frozen looks with what became of them, lists, kits, and who looked."""

from dataclasses import dataclass
from datetime import datetime

from analysis.monitoring.figures import ClosedReport, ReportFigures


@dataclass(frozen=True, slots=True)
class LiveReport:
    """The latest stored report, which of its study's it is, and when it was computed."""

    report: ClosedReport
    serial: int
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class SafetyVerdict:
    """So many of the treated had a serious event; the `probability` that the rate is above the rule's; whether it stops."""

    events: int
    treated: int
    probability: float
    stops: bool


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """The serious events reported to the committee, from where, and by whom they were entered."""

    verdict: SafetyVerdict
    source: str
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class SignedDecision:
    """The committee's decision after a look, and who signed it."""

    recommendation: str
    decision: str
    reason: str
    signed_name: str
    signed_at: datetime

    @property
    def stops(self) -> bool:
        return self.decision == "stop"


@dataclass(frozen=True, slots=True)
class FrozenLook:
    """`cut`: the text that was hashed; `decision`, `safety_report`, `print_sha256`: None while there is none."""

    cut: str
    cut_sha256: str
    figures: ReportFigures
    taken_at: datetime
    decision: SignedDecision | None
    safety_report: SafetyReport | None
    print_sha256: str | None


@dataclass(frozen=True, slots=True)
class AllocationList:
    """How far a list goes; `site`: None where it is of the whole study."""

    site: str | None
    places: int
    handed_out: int

    @property
    def free(self) -> int:
        return self.places - self.handed_out


@dataclass(frozen=True, slots=True)
class KitContents:
    """A kit of the lists or of a stock; `participant`, `assigned_at`: None until its place is handed out; `period`: None
    until it is known for which."""

    site: str | None
    kit: str
    period: int | None
    arm: str
    participant: str | None
    assigned_at: datetime | None


@dataclass(frozen=True, slots=True)
class PackedKit:
    """A kit of a shipment, and what it is to hold; None: not known here."""

    kit: str
    arm: str | None


@dataclass(frozen=True, slots=True)
class ArmStock:
    """Kits of an arm on hand at a site: those that are nobody's, and those assigned and not given yet."""

    site: str
    arm: str | None
    free: int
    assigned: int


@dataclass(frozen=True, slots=True)
class SlotKit:
    """The kit of one period of a place."""

    period: int
    kit: str
    arm: str


@dataclass(frozen=True, slots=True)
class AllocationSlot:
    """A place of a list; `participant`, `assigned_at`: None until it is handed out."""

    site: str | None
    position: int
    block: int
    sequence: str
    participant: str | None
    assigned_at: datetime | None
    kits: tuple[SlotKit, ...]


@dataclass(frozen=True, slots=True)
class AccessRow:
    """Who looked at unblinded data, on one day; `name`: None for who is no user any more."""

    name: str | None
    action: str
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class LogRow:
    """A look taken, as the printed log has it."""

    number: int
    completers: int
    taken_at: str
    decision: str
    decided_by: str
    decided_at: str
