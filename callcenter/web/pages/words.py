"""The words pages have for what the service calls by name; translated where they are shown."""

from callcenter.web.pages.navigation import N_

COMMITMENTS = {
    "response": N_("response"),
    "respond": N_("response"),
    "on_site": N_("on site"),
    "restore": N_("restore"),
    "resolve": N_("resolve"),
    "escalation": N_("escalation"),
    "escalate": N_("escalation"),
    "update": N_("update"),
    "complaint_answer": N_("answer to the complaint"),
    "question_answer": N_("answer to the question"),
    "trial_on_site": N_("on site during the trial"),
    "on_site_with_parts": N_("on site with parts"),
    "updates": N_("update"),
    "appointment": N_("visit as agreed"),
    "diagnosis": N_("diagnosis"),
    "follow_up": N_("follow-up call"),
    "call_back": N_("call-back"),
    "inspection": N_("inspection"),
}
STATES = {
    "new": N_("new"),
    "assigned": N_("assigned"),
    "in_progress": N_("in progress"),
    "waiting": N_("waiting"),
    "restored": N_("restored"),
    "resolved": N_("resolved"),
    "closed": N_("closed"),
    "cancelled": N_("cancelled"),
}
ENTRIES = {
    "reported": N_("reported"),
    "registered": N_("registered"),
    "noted": N_("note"),
    "assigned": N_("assigned"),
    "accepted": N_("taken on"),
    "graded": N_("graded"),
    "moved": N_("moved"),
    "responded": N_("responded"),
    "updated": N_("customer told"),
    "diagnosed": N_("diagnosed"),
    "visit_requested": N_("visit requested"),
    "appointment": N_("visit agreed"),
    "dispatched": N_("dispatched"),
    "departed": N_("on the way"),
    "arrived": N_("arrived"),
    "visited": N_("visit ended"),
    "escalated": N_("escalated"),
    "vendor_reported": N_("reported to the manufacturer"),
    "plan_accepted": N_("plan accepted"),
    "not_repairable": N_("not repairable for now"),
    "taken_away": N_("unit taken away"),
    "returned": N_("unit returned"),
    "replaced": N_("unit replaced"),
    "loaner_provided": N_("loaner provided"),
    "loaner_returned": N_("loaner returned"),
    "restored": N_("restored"),
    "resolved": N_("resolved"),
    "signed": N_("service report signed"),
    "closed": N_("closed"),
    "inspected": N_("inspected"),
    "answered": N_("complaint answered"),
    "reopened": N_("reopened"),
    "cancelled": N_("cancelled"),
    "paused": N_("clock paused"),
    "resumed": N_("clock resumed"),
    "promised": N_("promised"),
    "kept": N_("promise kept"),
    "followed_up": N_("followed up"),
    "corrected": N_("corrected"),
}
# What a note is about, where it says so.
NOTES = {
    "coverage": N_("coverage told"),
    "coverage_change": N_("change of coverage asked for"),
    "no_visit": N_("no visit, because"),
    "work": N_("parts and hours"),
    "follow_up": N_("follow-up call"),
    "rewritten": N_("rewritten; it said before"),
}
CHANNELS = {
    "phone": N_("phone"),
    "fax": N_("fax"),
    "mail": N_("mail"),
    "letter": N_("letter"),
    "visit": N_("visit"),
    "web": N_("web"),
    "chat": N_("chat"),
    "machine": N_("machine"),
}
REASONS = {
    "waiting_customer": N_("waiting for the customer"),
    "waiting_parts": N_("waiting for spare parts"),
    "force_majeure": N_("force majeure"),
    "customer_request": N_("at the customer's request"),
    "third_party": N_("waiting for a third party"),
}
OUTCOMES = {
    "fixed": N_("fixed"),
    "part_missing": N_("a spare part is missing"),
    "wrong_part": N_("wrong spare part"),
    "not_fixed": N_("not fixed"),
    "no_access": N_("nobody let us in"),
    "refused": N_("the customer refused"),
}
CALLS = {
    "answered": N_("answered"),
    "abandoned": N_("abandoned"),
    "missed": N_("missed"),
    "overflow": N_("overflow"),
    "busy": N_("busy"),
    "failed": N_("failed"),
    "voicemail": N_("voicemail"),
    "callback": N_("call-back"),
}
ALERTS = {
    "warning": N_("due soon"),
    "breach": N_("overdue"),
    "overdue": N_("still overdue"),
    "firing": N_("open"),
    "acknowledged": N_("acknowledged"),
    "resolved": N_("over"),
    "withdrawn": N_("withdrawn"),
}
DELIVERIES = {
    "pending": N_("waits"),
    "sending": N_("is being sent"),
    "sent": N_("sent"),
    "dead": N_("not delivered"),
    "cancelled": N_("cancelled"),
    "gathered": N_("told with others"),
}
# Why a message did not arrive, by the names of `alerts.reasons`.
UNDELIVERED = {
    "timeout": N_("no answer in time"),
    "unreachable": N_("no connection"),
    "tls": N_("the certificate does not convince"),
    "rejected": N_("refused by the other side"),
    "unavailable": N_("the other side is out of order"),
    "rate_limited": N_("too many messages at once"),
    "gone": N_("the address is no more"),
    "address_refused": N_("a private address"),
    "authentication": N_("the other side does not know us"),
    "no_recipient": N_("no address to write to"),
    "bad_config": N_("the channel is set up wrongly"),
    "channel_off": N_("the channel is switched off"),
    "fault": N_("a fault of ours"),
}
DUTIES = {
    "assignee": N_("assignee"),
    "dispatcher": N_("dispatcher"),
    "supervisor": N_("supervisor"),
    "contract_manager": N_("contract manager"),
    "project_contact": N_("project contact"),
    "head_of_service": N_("head of service"),
    "customer": N_("customer"),
}
# Names that contracts give their calendars; others stand as the contract writes them.
CALENDARS = {
    "24x7": N_("7x24"),
    "always": N_("7x24"),
    "office": N_("office hours"),
    "working_hours": N_("working hours"),
    "business": N_("business hours"),
}
PHASES = {
    "trial": N_("trial"),
    "acceptance": N_("acceptance"),
    "warranty": N_("warranty"),
    "after_warranty": N_("after the warranty"),
    "maintenance": N_("maintenance"),
}
# What a fault's questions are called, and the answers all contracts know.
FACTS = {"impact": N_("Impact"), "liability": N_("Liability"), "scope": N_("Scope"), "safety": N_("Danger")}
ANSWERS = {
    "impact": {
        "down": N_("All down"), "severe": N_("Severe"), "partial": N_("Partly"), "intermittent": N_("Now and then"),
        "none": N_("No effect"),
    },
    "liability": {
        "ours": N_("Ours"), "customer": N_("Customer's"), "third_party": N_("Third party"),
        "unknown": N_("Not known yet"),
    },
    "scope": {"all": N_("Everybody"), "site": N_("One site"), "group": N_("A group"), "one": N_("One person")},
    "safety": {"yes": N_("People in danger"), "no": N_("Nobody in danger")},
}  # fmt: skip
SEGMENTS = {
    "counted": N_("counted"),
    "closed": N_("closed hours"),
    "paused": N_("paused"),
    "reopened": N_("was closed"),
    "discarded": N_("does not count"),
}
# Why a breach may be taken out of the net figure, whose doing one was, and what became of a question or a proposal.
EXEMPTIONS = {
    "customer": N_("the customer's doing"),
    "force_majeure": N_("force majeure"),
    "third_party": N_("a third party's doing"),
    "data_error": N_("an error in the records"),
}
PARTIES = {"us": N_("ours"), **EXEMPTIONS}
DECISIONS = {
    "asked": N_("to be decided"),
    "approved": N_("approved"),
    "refused": N_("refused"),
    "proposed": N_("proposed"),
    "confirmed": N_("confirmed"),
    "waived": N_("waived"),
    "running": N_("being made"),
    "done": N_("done"),
    "failed": N_("failed"),
}
# Why a form was not taken, where the service says it in these words.
SAID = frozenset((
    N_("this is needed"),
    N_("read coverage and fee out to the customer first"),
    N_("another verdict than the one told needs evidence"),
    N_("it was spoken of twice and is not solved: say why nobody goes"),
    N_("another time than now needs a reason"),
    N_("a time looks like 2026-03-02 09:30"),
    N_("choose a file"),
    N_("the number of the other ticket"),
    N_("a title has 1 to 300 characters"),
    N_("say why"),
    N_("say when it happened, or that it did not"),
    N_("no change of the coverage waits for agreement"),
    N_("somebody else has to agree"),
    N_("hours or parts"),
    N_("nobody has signed yet"),
    N_("the name of who signs"),
    N_("whoever did the job does not ask how it was"),
    N_("choose what came of it"),
    N_("only who made an entry can undo it"),
    N_("it is too late to undo this; correct it with a reason"),
    N_("not reached"),
    N_("did not want to say"),
    N_("wrong number"),
    N_("not solved at follow-up"),
    N_("undo"),
))  # fmt: skip
_ALL = {
    "commitment": COMMITMENTS, "state": STATES, "entry": ENTRIES, "note": NOTES, "channel": CHANNELS,
    "reason": REASONS, "outcome": OUTCOMES, "call": CALLS, "alert": ALERTS, "delivery": DELIVERIES, "duty": DUTIES,
    "undelivered": UNDELIVERED,
    "segment": SEGMENTS, "calendar": CALENDARS, "phase": PHASES, "party": PARTIES, "decision": DECISIONS,
}  # fmt: skip


def word(kind: str, name: str | None) -> str:
    """The English text of a name, for `_()`; a name nobody foresaw, such as a contract's own, is made readable."""
    if kind == "said":  # a text of the service; `_()` takes a per cent sign for the begin of a name
        return name if name in SAID else (name or "").replace("%", "%%")
    return _ALL[kind].get(name or "", (name or "").replace("_", " "))
