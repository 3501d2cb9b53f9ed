"""The page of findings: what rules and signatures mean, what they can be mistaken for, what to do, where it is from."""

from __future__ import annotations

from collections.abc import Sequence

from tracelens.rulebook import KINDS, Rule, Signature, load_rules, load_signatures

GRADES = {
    "V": "vendor documentation",
    "R": "reported in public logs or forums",
    "D": "derived by us from documented facts",
    "U": "unverified: asked with --unverified only",
}
LOGS = {
    "smtp_receive": "SMTP receive log", "smtp_send": "SMTP send log", "message_tracking": "message tracking",
    "connectivity": "connectivity log", "agent": "agent log", "queue": "queue listing",
    "report": "non-delivery reports", "exo_trace": "Exchange Online trace",
}  # fmt: skip


def page() -> str:
    """Gives the whole page as Markdown."""
    rules, signatures = load_rules(), load_signatures()
    lines = [
        "# Findings", "",
        "Written by `scripts/document` from `tracelens/rules` and `tracelens/signatures`; `tracelens rules RULE` shows"
        " one rule. A rule gives findings; a signature gives the meaning of a failure text.", "",
        f"A finding tells of one of {', '.join(KINDS)}; the most telling names the incident that it belongs to.",
        "", f"## Rules ({len(rules)})", "",
    ]  # fmt: skip
    for class_ in sorted({rule.class_ for rule in rules}):
        lines += [f"### {class_}", ""]
        for rule in rules:
            if rule.class_ == class_:
                lines += [f"#### {rule.title}", "", *_rule(rule), ""]
    head = ["| signature | severity | meaning | look-alikes | fix | source |", "|---|---|---|---|---|---|"]
    lines += [f"## Signatures ({len(signatures)})", ""]
    for class_ in sorted({signature.class_ for signature in signatures}):
        lines += [f"### {class_}", "", *head]
        lines += [_signature(signature) for signature in signatures if signature.class_ == class_]
        lines.append("")
    return "\n".join(lines)


def about(rule: Rule) -> str:
    """Gives what there is to say of one rule."""
    return "\n".join([rule.title, "", *_rule(rule)]).replace("`", "").replace("- **", "- ").replace("**", "") + "\n"


def _rule(rule: Rule) -> list[str]:
    steps = "".join(f"; {severity} when `{when}`" for when, severity in rule.escalate)
    known = [
        ("Severity", rule.severity + steps),
        ("Tells of", f"{rule.kind}, for each {rule.finds}"),
        ("Needs", "; ".join(_need(need) for need in rule.needs)),
        ("Thresholds", ", ".join(f"{name} {value}" for name, value in rule.params.items())),
        ("Why it matters", rule.why),
        ("Look-alikes", rule.lookalikes),
        ("False alarms", "; ".join(rule.false_alarms)),
        ("Fix", rule.fix),
        ("Sources", "; ".join(rule.sources) or GRADES["D"]),
    ]
    return [f"`{rule.id}`", "", *(f"- **{name}**: {text}" for name, text in known if text)]


def _need(need: str) -> str:
    choices = []
    for choice in need.split("|"):
        log, _, service = choice.partition("/")
        if log == "history":
            choices.append(f"{service} days of logs")
            continue
        choices.append(LOGS.get(log, log.replace("_", " ")) + (f" of {service}" if service else ""))
    return " or ".join(choices)


def _signature(signature: Signature) -> str:
    source = "; ".join([GRADES[signature.grade], *signature.sources])
    cells: Sequence[str] = (
        f"`{signature.id}`", signature.severity, signature.meaning, signature.lookalikes, signature.fix, source,
    )  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
