"""A report as a FHIR R4 document (HL7 FHIR 4.0.1, "Documents"): what was measured in a session, for the records of another system.

It names the people by their ids only, and it describes: there is no Condition, and no Observation has an interpretation.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bemore import __version__
from bemore.clock import iso
from bemore.reports.language import Language
from bemore.reports.report_input import Minute, ReportInput

MEASURE_SYSTEM = "urn:bemore:measure"
"""The code system of the Observations."""

_ABSENT = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "not-performed", "display": "Not Performed"}
    ]
}

_ENCOUNTER_STATUS = {"active": "in-progress", "paused": "onleave", "ended": "finished"}


def document(report: Mapping[str, Any], data: ReportInput, pdf: bytes, text: str, language: Language) -> dict[str, Any]:
    """The Bundle of a session: ``report`` was made of ``data``, ``pdf`` and ``text`` (plain text) are the same for people.

    Status: ``preliminary`` while the session runs, ``final`` after its end, ``amended`` if telemetry or scores came after that.
    """
    session, now = data.session, iso(data.generated_at_ms)
    status = "preliminary" if session.ended_at_ms is None else "amended" if session.amended else "final"
    start, end = iso(session.started_at_ms), iso(session.started_at_ms + session.duration_ms)

    patient = _resource("Patient", session.user_id, identifier=[_identifier("user", session.user_id)])
    practitioner = _resource("Practitioner", session.counselor_id, identifier=[_identifier("counselor", session.counselor_id)])
    device = _resource(
        "Device", __version__,
        deviceName=[{"name": "BeMore", "type": "manufacturer-name"}],
        version=[{"value": __version__}],
    )  # fmt: skip
    encounter = _resource(
        "Encounter", session.session_id,
        identifier=[_identifier("session", session.session_id)],
        status=_ENCOUNTER_STATUS[session.status],
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR", "display": "virtual"}},
        subject=_reference(patient),
        participant=[{"individual": _reference(practitioner)}],
        period={"start": start} if session.ended_at_ms is None else {"start": start, "end": iso(session.ended_at_ms)},
    )  # fmt: skip
    about = {"subject": _reference(patient), "encounter": _reference(encounter)}
    file = _resource(
        "DocumentReference", session.session_id,
        status="current", docStatus=status, subject=_reference(patient), date=now, description=language.heading,
        content=[{"attachment": {"contentType": "application/pdf", "data": b64encode(pdf).decode(), "title": language.heading,
                                 "creation": now}}],
        context={"encounter": [_reference(encounter)], "period": {"start": start, "end": end}},
    )  # fmt: skip
    observations = [
        _resource(
            "Observation", f"{session.session_id}/{code}",
            status=status, code={"coding": [{"system": MEASURE_SYSTEM, "code": code, "display": display}]}, **about,
            effectivePeriod={"start": start, "end": end}, issued=now, device=_reference(device), **_value(value, unit), **method,
        )
        for code, display, value, unit, method in _measures(report, data)
    ]  # fmt: skip
    composition = _resource(
        "Composition", session.session_id,
        text={"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><pre>{escape(text)}</pre></div>'},
        status=status, type={"text": language.heading}, **about, date=now, author=[_reference(device)], title=language.heading,
        section=[
            {"title": language.titles["scores"], "entry": [_reference(each) for each in observations]},
            {"title": "PDF", "entry": [_reference(file)]},
        ],
    )  # fmt: skip
    resources = composition, encounter, patient, practitioner, device, file, *observations
    return {
        "resourceType": "Bundle",
        "identifier": _identifier("report", report["reportId"]),
        "type": "document",
        "timestamp": now,
        "entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources],
    }


def _measures(report: Mapping[str, Any], data: ReportInput) -> list[tuple[str, str, float | None, str, dict[str, Any]]]:
    """(code, display, value or None where it was not measured, unit in UCUM, method) of each measure."""
    minutes, stats, talk, coverage = data.minutes, report["stats"], report["talk"], report["coverage"]
    rules = {"method": {"text": ", ".join(sorted({minute.model_version for minute in minutes}))}} if minutes else {}

    def score(name: str, count: Callable[[Minute], int]) -> float | None:
        """A score of all minutes; None if the service has scored them without any such data. What a browser scored from is not known."""
        return stats[name] if any(minute.source == "client" or count(minute) for minute in minutes) else None

    shares = {name: talk["speakers"][name]["share"] if talk else None for name in ("user", "counselor")}
    silence = talk["silences"]["longestMs"] if talk and talk["basis"] == "audio" else None
    ratio = report["vadSummary"]["speechRatio"] if data.session.total_audio_chunks else None
    return [
        ("combined-score", "Combined score", stats["avgCombinedScore"] if minutes else None, "1", rules),
        ("facial-score", "Facial score", score("avgFacialScore", lambda minute: minute.frame_count), "1", rules),
        ("voice-score", "Voice score", score("avgVadScore", lambda minute: minute.audio_count), "1", rules),
        ("text-score", "Text score", score("avgTextScore", lambda minute: minute.stt_count), "1", rules),
        ("speech-ratio", "Share of the time with speech", ratio, "1", {}),
        ("longest-silence", "Longest silence", silence, "ms", {}),
        ("talk-share-user", "Client's share of the speech", shares["user"], "1", {}),
        ("talk-share-counselor", "Counselor's share of the speech", shares["counselor"], "1", {}),
        ("coverage-frames", "Share of the time with face frames", coverage["frames"]["share"], "1", {}),
        ("coverage-audio", "Share of the time with audio", coverage["audio"]["share"], "1", {}),
    ]


def _value(value: float | None, unit: str) -> dict[str, Any]:
    if value is None:
        return {"dataAbsentReason": _ABSENT}
    return {"valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}}


def _resource(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    """A resource whose id is the same for everything of this kind and name."""
    return {"resourceType": kind, "id": str(uuid5(NAMESPACE_URL, f"urn:bemore:{kind}:{name}")), **fields}


def _identifier(what: str, value: str) -> dict[str, str]:
    return {"system": f"urn:bemore:{what}", "value": value}


def _reference(resource: Mapping[str, Any]) -> dict[str, str]:
    return {"reference": f"urn:uuid:{resource['id']}"}
