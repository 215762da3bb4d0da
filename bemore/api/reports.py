"""Reports of a session, in any state, as of the moment they are asked for: JSON, HTML, PDF and CSV from one report."""

from flask import Blueprint, Response, current_app

from bemore import clock
from bemore.api.openapi import report_shapes as shapes
from bemore.auth.access import Access
from bemore.api.http.etags import unless_known
from bemore.api.http.responses import success
from bemore.api.http.operation import operation
from bemore.models import report as model
from bemore.models.audit import READ_REPORT
from bemore.reports import build, text
from bemore.reports.csv_export import emotion_csv, vad_csv
from bemore.reports.html.page import CONTENT_SECURITY_POLICY, html
from bemore.schemas.reports import ChooseCsv

blueprint = Blueprint("reports", __name__, url_prefix="/api/session/<session_id:session_id>")


def _gather(scope, **options):
    return model.gather(scope, clock.now_ms(), current_app.extensions["bemore"].model_version, **options)


def _report(scope):
    return build.report(_gather(scope)[0])


def _unless_known(scope, make):
    return unless_known(scope, READ_REPORT, make)


@blueprint.get("/report")
@operation("The whole report of a session", Access.SESSION, data=shapes.REPORT, errors=(304, 404))
def report(scope):
    return _unless_known(scope, lambda: success(_report(scope)))


@blueprint.get("/summary")
@operation("A short report", Access.SESSION, data=shapes.REPORT_BRIEF, errors=(304, 404))
def summary(scope):
    return _unless_known(scope, lambda: success(build.summary(_gather(scope)[0])))


@blueprint.get("/report/summary")
@operation("The report as plain text, for an e-mail", Access.SESSION, data=shapes.REPORT_TEXT, errors=(304, 404))
def summary_text(scope):
    def make():
        data = _report(scope)
        return success({"reportId": data["reportId"], "summary": text.summary_text(data)})

    return _unless_known(scope, make)


@blueprint.get("/vad-analysis")
@operation("How the voice went, by minute and by ten seconds", Access.SESSION, data=shapes.VAD_ANALYSIS, errors=(304, 404))
def vad_analysis(scope):
    return _unless_known(scope, lambda: success(build.vad_analysis(*_gather(scope, time_series=True))))


@blueprint.get("/report/html")
@operation("The report as one page that needs nothing else", Access.SESSION, media="text/html", errors=(304, 404))
def as_html(scope):
    def make():
        response = Response(html(_report(scope)), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return _unless_known(scope, make)


@blueprint.get("/report/pdf")
@operation("The report as PDF, A4", Access.SESSION, media="application/pdf", errors=(304, 404))
def as_pdf(scope):
    def make():
        # Imported when first asked for: the library takes half as much memory again as the whole service.
        from bemore.reports.pdf.document import pdf

        return _download(pdf(_report(scope)), "application/pdf", f"bemore-report-{scope.public_id}.pdf")

    return _unless_known(scope, make)


@blueprint.get("/report/csv")
@operation("The report's minutes as CSV", Access.SESSION, query=ChooseCsv, media="text/csv", errors=(304, 404))
def as_csv(scope, query):
    kind = query["kind"]
    make = vad_csv if kind == "vad" else emotion_csv
    return _unless_known(
        scope, lambda: _download(make(_report(scope)), "text/csv; charset=utf-8", f"bemore-{kind}-{scope.public_id}.csv")
    )


def _download(content, kind, name):
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
