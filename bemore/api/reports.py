"""Reports of a session, in any state, as of the moment they are asked for: JSON, HTML, PDF, CSV and FHIR. And the transcript as a file."""

import re
from dataclasses import replace

import msgspec
from flask import Blueprint, Response, current_app

from bemore import clock
from bemore.api.http import heavy
from bemore.clock import utc
from bemore.api.http.operation import operation
from bemore.api.minutes import page_of_minutes
from bemore.auth.access import Access
from bemore.models import progress, session
from bemore.models import report as model
from bemore.models.audit import EXPORT, READ_REPORT, READ_TRANSCRIPT
from bemore.reports import build, fhir, text
from bemore.reports.build import report_id
from bemore.reports.csv_export import emotion_csv, vad_csv
from bemore.reports.html.page import CONTENT_SECURITY_POLICY, html
from bemore.reports.language import LANGUAGES
from bemore.reports.view import RenderOptions
from bemore.reports.transcript_files import plain_text, webvtt
from bemore.schemas.report_options import ChooseLanguage, PdfOptions, ReportOptions
from bemore.schemas.reports import ChooseCsv, PageOfReport, Report, ReportBrief, ReportText, VoiceAnalysis

blueprint = Blueprint("reports", __name__, url_prefix="/api/session/<session_id:session_id>")


def _gather(scope, **options):
    return model.gather(scope, clock.now_ms(), current_app.extensions["bemore"].model_version, **options)


def _rendered(render, scope, query, transcript=False, compared=False):
    """A report as ``render`` writes it for people, with or without the whole transcript and the comparison, and the SessionInfo."""
    data, _ = _gather(scope, transcript=transcript)
    options = _options(query)
    made, timeline = build.report_and_timeline(data, options.language, transcript)
    if compared and data.session.status == "ended":
        timeline = replace(timeline, comparison=progress.comparison(session.get(scope), clock.now_ms()))
    return render(made, timeline, options), data.session


def _language(query):
    return LANGUAGES[query["lang"] or current_app.extensions["bemore"].report_language]


def _options(query):
    settings = current_app.extensions["bemore"]
    return RenderOptions(_language(query), query["tz"] or settings.report_time_zone, settings.weights)


#: A session with more minutes, or more chunks and snippets, makes a heavy report: more than two hours of minutes and eight of chunks.
HEAVY_MINUTES, HEAVY_ROWS = 120, 30_000


def _turn(row):
    return heavy.turn(row.minute_count > HEAVY_MINUTES or row.audio_count + row.stt_count > HEAVY_ROWS)


def _others(row):
    """What a comparison is made of: it changes with it."""
    return [(other.public_id, other.revision) for other in progress.recent_others(row)]


def _operation(summary, reads=READ_REPORT, **declared):
    return operation(summary, Access.SESSION, reads=reads, turn=_turn, **declared)


@blueprint.get("/report")
@_operation("The report of a session", query=PageOfReport, response=Report)
def report(scope, query):
    """All but the lists of minutes is of the whole session. Follow `nextCursor` until it is null."""
    data = build.report(_gather(scope)[0], _language(query))
    page, more = page_of_minutes(range(len(data["minutes"])), query, lambda place: data["minutes"][place]["minuteIndex"])
    paged = {name: [data[name][place] for place in page] for name in ("minutes", "vadTimeline", "emotionTimeline")}
    return {**data, **paged, "nextCursor": more}


@blueprint.get("/summary")
@_operation("A short report", query=ReportOptions, response=ReportBrief)
def summary(scope, query):
    return build.summary(_gather(scope)[0], _language(query))


@blueprint.get("/report/summary")
@_operation("The report as plain text, for an e-mail", query=ReportOptions, response=ReportText)
def summary_text(scope, query):
    return {"reportId": report_id(scope.public_id), "summary": _rendered(text.summary_text, scope, query)[0]}


@blueprint.get("/vad-analysis")
@_operation("The voice by minute and by ten seconds", query=ChooseLanguage, response=VoiceAnalysis)
def vad_analysis(scope, query):
    return build.vad_analysis(*_gather(scope, time_series=True), _language(query))


@blueprint.get("/report/html")
@_operation("The report as one self-contained page", query=ReportOptions, media="text/html", depends=_others)
def as_html(scope, query):
    """With the transcript, and with where an ended session lies among others of the same people."""
    content, _ = _rendered(html, scope, query, transcript=True, compared=True)
    response = Response(content, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@blueprint.get("/report/pdf")
@_operation("The report as PDF, A4", query=PdfOptions, media="application/pdf", depends=_others)
def as_pdf(scope, query):
    # Imported on first use: the library takes half as much memory as the rest of the service.
    from bemore.reports.pdf.document import pdf

    content, about = _rendered(pdf, scope, query, transcript=query["transcript"] == "true", compared=True)
    day = utc(about.started_at_ms).astimezone(_options(query).zone).date()
    return _download(content, "application/pdf", f"bemore-{day}-{_in_file_name(about.user_id)}.pdf")


@blueprint.get("/report/csv")
@_operation("The report's minutes as CSV", query=ChooseCsv, media="text/csv")
def as_csv(scope, query):
    kind = query["kind"]
    data, _ = _gather(scope)
    made = build.report(data, _language(query))
    content = vad_csv(made) if kind == "vad" else emotion_csv(made, data.minute_texts)
    return _download(content, "text/csv; charset=utf-8", f"bemore-{kind}-{scope.public_id}.csv")


@blueprint.get("/export/fhir")
@_operation("The report as a FHIR R4 document", EXPORT, query=ReportOptions, media="application/fhir+json")
def as_fhir(scope, query):
    """A `Bundle` of type `document`: a `Composition`, the `Encounter`, the `Patient` and the `Practitioner` by their ids only, the report
    as PDF, and an `Observation` for each measure."""
    from bemore.reports.pdf.document import pdf

    data, _ = _gather(scope)
    options = _options(query)
    made = build.report_and_timeline(data, options.language)
    content = fhir.document(made[0], data, pdf(*made, options), text.summary_text(*made, options), options.language)
    name = f"bemore-fhir-{scope.public_id}.json"
    return _download(msgspec.json.encode(content), "application/fhir+json", name)


def _in_file_name(user_id):
    """A user's id in characters that every file system takes."""
    return re.sub("[^A-Za-z0-9._-]+", "_", user_id).strip("._-")[:64] or "client"


@blueprint.get("/transcript/vtt")
@_operation("The transcript as WebVTT", READ_TRANSCRIPT, query=ReportOptions, media="text/vtt")
def as_vtt(scope, query):
    """One cue per snippet, with the speaker's voice where it is known; shared notes as comments."""
    data, snippets = _transcript(scope)
    content = webvtt(snippets, [(note.start_ms, note.text or "") for note in data.notes], _language(query))
    return _download(content, "text/vtt; charset=utf-8", f"bemore-transcript-{scope.public_id}.vtt")


@blueprint.get("/transcript/text")
@_operation("The transcript as plain text", READ_TRANSCRIPT, query=ReportOptions, media="text/plain")
def as_plain_text(scope, query):
    """A line for what a speaker says at a time, numbered by speaker, and a line for each silence."""
    data, snippets = _transcript(scope)
    talk = data.heard.talk
    content = plain_text(snippets, talk.silences if talk else (), _language(query))
    return _download(content, "text/plain; charset=utf-8", f"bemore-transcript-{scope.public_id}.txt")


def _transcript(scope):
    """The ReportInput of a session, and its snippets as a transcript file takes them."""
    data, _ = _gather(scope, transcript=True)
    return data, [(each.start_ms, each.end_ms, each.speaker, each.text) for each in data.snippets]


def _download(content, kind, name):
    return Response(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
