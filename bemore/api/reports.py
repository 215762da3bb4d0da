"""Reports of a session, in any state, as of the moment they are asked for: JSON, HTML, PDF and CSV from one report."""

from flask import Blueprint, Response, current_app

from bemore import clock
from bemore.api import heavy
from bemore.api.http.operation import operation
from bemore.api.minutes import page_of_minutes
from bemore.auth.access import Access
from bemore.models import report as model
from bemore.models.audit import READ_REPORT
from bemore.reports import build, text
from bemore.reports.csv_export import emotion_csv, vad_csv
from bemore.reports.html.page import CONTENT_SECURITY_POLICY, html
from bemore.schemas.minutes import PageOfMinutes
from bemore.schemas.reports import ChooseCsv, Report, ReportBrief, ReportText, VoiceAnalysis

blueprint = Blueprint("reports", __name__, url_prefix="/api/session/<session_id:session_id>")


def _gather(scope, **options):
    return model.gather(scope, clock.now_ms(), current_app.extensions["bemore"].model_version, **options)


def _report(scope):
    return build.report(_gather(scope)[0])


#: A session with more minutes, or more chunks and snippets, makes a heavy report: more than two hours of minutes and eight of chunks.
HEAVY_MINUTES, HEAVY_ROWS = 120, 30_000


def _turn(row):
    return heavy.turn(row.minute_count > HEAVY_MINUTES or row.audio_count + row.stt_count > HEAVY_ROWS)


def _operation(summary, **declared):
    return operation(summary, Access.SESSION, reads=READ_REPORT, turn=_turn, **declared)


@blueprint.get("/report")
@_operation("The report of a session", query=PageOfMinutes, response=Report)
def report(scope, query):
    """All but the lists of minutes is of the whole session. Follow `nextCursor` until it is null."""
    data = _report(scope)
    page, more = page_of_minutes(range(len(data["minutes"])), query, lambda place: data["minutes"][place]["minuteIndex"])
    paged = {name: [data[name][place] for place in page] for name in ("minutes", "vadTimeline", "emotionTimeline")}
    return {**data, **paged, "nextCursor": more}


@blueprint.get("/summary")
@_operation("A short report", response=ReportBrief)
def summary(scope):
    return build.summary(_gather(scope)[0])


@blueprint.get("/report/summary")
@_operation("The report as plain text, for an e-mail", response=ReportText)
def summary_text(scope):
    data = _report(scope)
    return {"reportId": data["reportId"], "summary": text.summary_text(data)}


@blueprint.get("/vad-analysis")
@_operation("The voice by minute and by ten seconds", response=VoiceAnalysis)
def vad_analysis(scope):
    return build.vad_analysis(*_gather(scope, time_series=True))


@blueprint.get("/report/html")
@_operation("The report as one self-contained page", media="text/html")
def as_html(scope):
    response = Response(html(_report(scope)), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/report/pdf")
@_operation("The report as PDF, A4", media="application/pdf")
def as_pdf(scope):
    # Imported on first use: the library takes half as much memory as the whole service.
    from bemore.reports.pdf.document import pdf

    return _download(pdf(_report(scope)), "application/pdf", f"bemore-report-{scope.public_id}.pdf")


@blueprint.get("/report/csv")
@_operation("The report's minutes as CSV", query=ChooseCsv, media="text/csv")
def as_csv(scope, query):
    kind = query["kind"]
    data, _ = _gather(scope)
    made = build.report(data)
    content = vad_csv(made) if kind == "vad" else emotion_csv(made, data.minute_texts)
    return _download(content, "text/csv; charset=utf-8", f"bemore-{kind}-{scope.public_id}.csv")


def _download(content, kind, name):
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
