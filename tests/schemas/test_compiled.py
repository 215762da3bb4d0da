"""Compiled lists of items and marshmallow's fields give the same rows and the same verdicts."""

import contextlib
import json

import marshmallow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bemore.errors import InvalidInput
from bemore.schemas import fields
from bemore.schemas.base import Body, decode, load
from bemore.schemas.items import Compiled, Item, Items
from bemore.schemas.minutes import BatchTick
from bemore.schemas.telemetry import UploadAudio, UploadFrames, UploadStt

SCHEMAS = (BatchTick, UploadFrames, UploadAudio, UploadStt)

_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "ko",
            "en-US",
            "x_y",
            "positive",
            "Positive",
            "neutral",
            "\x00",
            "a\x00b",
            "\x1f",
            "\u2028",
            "한",
            "a" * 128,
            "a" * 129,
            "a" * 5001,
        ]
    ),
    st.sampled_from(
        [
            "2026-11-23T09:33:08.420Z",
            "2026-11-23T09:33:08+09:00",
            "2026-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "0001-01-01T00:00:00+14:00",
        ]
    ),
    st.sampled_from(["2026-11-23T09:33:08", "2026-11-23 09:33:08Z", "2026-11-23T24:00:00Z", "2026-11-23T09:33:08.4201234567Z"]),
)
_NUMBERS = st.one_of(
    st.integers(-2, 6),
    st.floats(-0.5, 1.5),
    st.sampled_from(
        [
            0,
            1,
            1.0,
            3.0,
            -0.0,
            10**11 - 1,
            10**11,
            10**13 - 1,
            10**13,
            10**18,
            2**63,
            2**64,
            10**30,
            1e300,
            100_000,
            100_001,
            5e-324,
        ]
    ),
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["x", "y", "z", "ts"]), inner, max_size=3),
        st.lists(_NUMBERS, max_size=4),
    ),
    max_leaves=6,
)


def good_value(field):
    """Values that the field takes, and its edges."""
    kind = type(field)
    if kind is Items:
        return st.lists(body_of(field.schema, mostly_good=True), min_size=1, max_size=3)
    if issubclass(kind, fields.Voiced):
        return st.one_of(st.booleans(), st.floats(0, 1))
    if issubclass(kind, fields.Pitch):
        return st.one_of(st.none(), st.floats(-10, 20_000), st.sampled_from([0, -1, 20_000]))
    if issubclass(kind, fields.TimeMs):
        return st.one_of(st.integers(field.least, field.most), st.floats(-0.5, field.most), st.sampled_from([16.67, 0.5, 1520.4, -0.5]))
    if issubclass(kind, fields.Share):
        return st.one_of(st.floats(0, 1), st.sampled_from([0, 1]))
    if issubclass(kind, fields.Whole):
        return st.one_of(st.integers(field.least, field.most), st.sampled_from([field.least, field.most]))
    if issubclass(kind, fields.OneOf):
        return st.sampled_from(field.words)
    if kind is fields.Words:
        return st.lists(st.text(max_size=5), max_size=3)
    if kind is fields.Points:
        number = st.floats(-fields.MAX_COORDINATE, fields.MAX_COORDINATE)
        return st.lists(
            st.one_of(
                st.lists(number, min_size=2, max_size=3), st.fixed_dictionaries({"x": number, "y": number}, optional={"z": number})
            ),
            max_size=3,
        )
    if kind is fields.Timestamp:
        return st.sampled_from(
            ["2026-11-23T09:33:08.420Z", "1970-01-01T00:00:00Z", "2026-11-23T09:33:08.1+09:00", "2286-11-20T17:46:39.999Z"]
        )
    if kind is fields.Language:
        return st.sampled_from(["ko", "en", "zh-Hant-TW", "ko_KR", "Korean", "C", "", "en-US@posix"])
    return st.text(min_size=field.least, max_size=max(field.least, 10))


def body_of(schema, mostly_good):
    """Objects for a schema, good in most fields, with fields missing and fields nobody knows."""
    required, optional = {}, {"unknown": _VALUES}
    for name, field in schema().fields.items():
        value = good_value(field) if mostly_good else st.one_of(good_value(field), _VALUES)
        (required if field.required and mostly_good else optional)[field.data_key or name] = value
    return st.fixed_dictionaries(required, optional=optional)


def same(schema, raw):
    """(the compiled rows, marshmallow's rows) of the items in a body; None for items that are refused."""
    items = schema().fields["items"]
    try:
        value = decode(raw).get("items")
    except InvalidInput:
        value = None
    if type(value) is not list:
        return None, None
    fast, slow = items.compiled(value), None
    with contextlib.suppress(marshmallow.ValidationError):
        slow = items.one_by_one(value)
    if fast is not None:
        assert repr(fast) == repr(slow)  # repr tells 1 from 1.0 and -0.0 from 0.0
    return fast, slow


@pytest.mark.parametrize("schema", SCHEMAS)
@given(data=st.data())
def test_good_items_are_compiled_to_the_rows_of_marshmallow(schema, data):
    body = data.draw(body_of(schema, mostly_good=True))
    raw = json.dumps(body, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    fast, slow = same(schema, raw)
    if slow is not None and not _has_whole_floats(body):
        assert fast is not None, "good items went the slow way"


@pytest.mark.parametrize("schema", SCHEMAS)
@given(data=st.data())
def test_whatever_is_compiled_marshmallow_takes_as_well(schema, data):
    body = data.draw(st.one_of(body_of(schema, mostly_good=False), _VALUES))
    same(schema, json.dumps(body).encode())


@pytest.mark.parametrize("schema", SCHEMAS)
@given(data=st.data())
def test_damaged_bytes_are_refused_by_both(schema, data):
    raw = bytearray(json.dumps(data.draw(body_of(schema, mostly_good=True)), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for position in data.draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=3)):
        if raw:
            raw[position] = data.draw(st.integers(0, 255))
    same(schema, bytes(raw))


def _has_whole_floats(value):
    if isinstance(value, dict):
        return any(map(_has_whole_floats, value.values()))
    if isinstance(value, list):
        return any(map(_has_whole_floats, value))
    return isinstance(value, float) and value.is_integer()


def test_the_slow_way_is_not_taken_for_what_browsers_send():
    item = {
        "minuteIndex": 2,
        "facialScore": 0.725,
        "vadScore": 1,
        "textScore": 0,
        "combinedScore": 0.606,
        "sessionId": "x",
        "keywords": ["불안"],
    }
    item |= {"sentiment": "neutral", "confidence": 0.9, "durationMs": 60000, "timestamp": "2026-11-23T09:33:08.521Z"}
    assert BatchTick().fields["items"].compiled([item]) == [(2, 0.725, 1.0, 0.0, 0.606, ["불안"], "neutral", 0.9, 1795426388521, 60000)]


def test_items_are_compiled_before_marshmallow_looks_at_them(monkeypatch):
    monkeypatch.setattr(Items, "one_by_one", lambda *_: pytest.fail("went the slow way"))
    assert load(UploadFrames(), b'{"items": [{"ts": 1}]}') == {"items": [(1, 0.5, None, None, None)]}


class Odd(fields.Share):
    def _deserialize(self, value, attr, data, **kwargs):
        return 1.0


@pytest.mark.parametrize(
    "field",
    [
        Odd(required=True),
        fields.Share(required=True, validate=marshmallow.validate.Range(max=0.5)),
    ],
    ids=["a class of its own", "a validator"],
)
def test_field_that_cannot_be_compiled_is_an_error_at_import(field):
    with pytest.raises(TypeError, match="share .* cannot be compiled"):
        Compiled(type("Element", (Item,), {"share": field}))


def test_items_that_become_no_rows_are_an_error_at_import():
    with pytest.raises(TypeError, match="Body is no Item"):
        Items(Body, required=True)
