"""From verdicts to reports: pytest's own, verdicts.json, and the summary. Its second half runs in the controller."""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from roadworthy import allure_steps, board, plan_file, redact, summary, verdicts
from roadworthy.item import CriterionItem
from roadworthy.record import Record
from roadworthy.verdict import Verdict

if TYPE_CHECKING:
    from roadworthy.session import Run

_LETTERS = {
    Verdict.CONVERGED: ("c", {"green": True}),
    Verdict.WAIVED: ("w", {"yellow": True}),
    Verdict.NOT_APPLICABLE: ("n", {"yellow": True}),
    Verdict.BROKEN: ("E", {"red": True}),
    Verdict.BLOCKED: ("B", {"red": True}),
}


class Reporting:
    """The records of a run, by id."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.records: dict[str, dict[str, Any]] = {}
        self._shown: dict[str, str] = {}
        self._set_aside: list[pytest.TestReport] = []
        self._began = time.time()
        self._recovered: list[dict[str, Any]] = []
        self._written: Path | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the record into the report: so it travels from a worker, and into JUnit."""
        report = yield
        if not isinstance(item, CriterionItem):
            return report
        if report.when == "call" or report.failed:
            record = item.record or Record.of(item.criterion, str(item.location[0]))
            if report.when != "call" and call.excinfo is not None:
                record.verdict = Verdict.BROKEN.value
                record.reason = f"{report.when} of its fixtures: {call.excinfo.exconly(tryshort=True)}"
            data = record.data()
            report.__dict__["roadworthy"] = data  # xdist carries what a report has of its own
            if data["started"]:
                _times(report, data)
            item.user_properties += _properties(data)  # JUnit takes those of the last report
        report.sections = [(name, redact.text(content)) for name, content in report.sections]
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the record, wherever it was judged."""
        record = getattr(report, "roadworthy", None)
        if record is not None:
            self.records[record["id"]] = record
            self._shown[record["id"]] = _shown(report, verbose=self.run.config.get_verbosity() > 0)
        elif report.failed and ".feature::" in report.nodeid and report.nodeid not in self.records:
            self.records[report.nodeid] = _lost(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """Show the verdict, where pytest has no word for it."""
        record = getattr(report, "roadworthy", None)
        if record is None or report.when != "call":
            return None
        verdict = Verdict(record["verdict"])
        if verdict not in _LETTERS:
            return None
        letter, markup = _LETTERS[verdict]
        return verdict.value, letter, (verdict.value.upper(), markup)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write verdicts.json, in the controller, once its workers have ended."""
        if self.run.worker:
            return
        if shared := self.run.__dict__.get("shared_folder"):
            self._recovered = board.recovered(Path(shared))
            self.records = {**{record["id"]: record for record in board.cut_short(Path(shared))}, **self.records}
        if not self.records:
            return
        order = sorted(self.records.values(), key=lambda record: (record["file"], record["line"], record["id"]))
        content = verdicts.document(
            self.run.id, self._cluster(), order, self._recovered, started=self._began, exit_code=int(exitstatus)
        )
        self._written = self.run.reports / "verdicts.json"
        verdicts.write(self._written, content)
        if self.run.plan:
            verdicts.write(self.run.reports / "plan.json", plan_file.content_of(content))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, None, None]:
        """Keep criteria out of pytest's list of failures: our summary tells them in a better order."""
        failed = terminalreporter.stats.get("failed", [])
        self._set_aside = [report for report in failed if hasattr(report, "roadworthy")]
        failed[:] = [report for report in failed if not hasattr(report, "roadworthy")]
        yield

    def tell(self, terminal: Any) -> None:
        """Print the summary, and give pytest back what it counts."""
        if self._set_aside:
            terminal.stats["failed"] += self._set_aside
        if self._written is not None:
            told = summary.Summary(terminal, list(self.records.values()), self._shown, self.run)
            told.show(self._written, self._recovered)

    def _cluster(self) -> dict[str, Any]:
        # A controller of workers has reached no cluster itself: it says what the profile says.
        profile = self.run.__dict__.get("profile") or self.run.stated
        return {
            "name": profile.name,
            "provider": profile.provider,
            "context": profile.context,
            "kube_system_uid": profile.kube_system_uid,
            "distribution": profile.distribution,
            "nodes": [node.name for node in profile.nodes],
        }


class Telling:
    """The second half of ``pytest_terminal_summary``: between pytest's list of failures and its last lines."""

    def __init__(self, reporting: Reporting) -> None:
        self._reporting = reporting

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell people."""
        self._reporting.tell(terminalreporter)


def _shown(report: pytest.TestReport, *, verbose: bool) -> str:
    """Return what is told about a failure; what it printed only on request."""
    if not report.failed:
        return ""
    printed = [f"{name}:\n{content.rstrip()}" for name, content in report.sections] if verbose else []
    return "\n".join([report.longreprtext, *printed])


def _properties(record: dict[str, Any]) -> list[tuple[str, object]]:
    properties: list[tuple[str, object]] = [
        ("criterion", record["id"]),
        ("verdict", record["verdict"]),
        ("attempts", record["attempts"]),
    ]
    properties += [("reason", record["reason"])] if record["reason"] else []
    properties += [("warning", told) for told in record["warnings"]]
    for remedy in record["remedies"]:
        properties.append(("remedy", f"{remedy['name']}: {remedy['outcome']}"))
        properties += [("change", summary.told(change)) for change in remedy["changes"]]
    return properties


def _times(report: pytest.TestReport, record: dict[str, Any]) -> None:
    """Say when it was judged, which may have been before its turn came."""
    report.start, report.duration = datetime.fromisoformat(record["started"]).timestamp(), record["seconds"]
    report.stop = report.start + report.duration
    allure_steps.took(report.start, report.stop)


def _lost(report: pytest.TestReport) -> dict[str, Any]:
    """Return a record for a criterion whose worker died: nobody else can tell."""
    file, _, name = report.nodeid.partition("::")
    record = Record(report.nodeid, "", "", name, [], file, 0)
    record.reason = f"its worker died: {report.longreprtext}"
    return record.data()
