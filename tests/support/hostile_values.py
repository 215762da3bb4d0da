"""What ``hostile.py`` puts into requests: values, keys, types, path segments, queries, headers."""

#: Methods the service may know, and methods it does not.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "BREW")

#: Values as JSON text, most of them no JSON, in the place of any value of a body.
VALUES = tuple(
    each if isinstance(each, bytes) else each.encode()
    for each in (
        "null", "true", "false", "0", "-0", "-1", "2", "1.5", "0.1e1", "3.0", "1e308", "1e309", "-1e400", "1e-400",
        "5e-324", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "18446744073709551616", "99999999999", "100000000000",
        "9999999999999", "10000000000000",
        "1" * 400, "1" * 5000, "0." + "3" * 5000, "1e999999999", "NaN", "Infinity", "-Infinity", "nan", "01", "+1", ".5",
        "5.", "0x1F", "1_000",
        "undefined", "True", "None", "'a'", "", '""', '" "', '"1"', '"true"', '"null"', '"NaN"', '"0.5"', '"\\u0000"',
        '"a\\u0000b"', '"\\ud800"',
        '"\\udc00\\ud800"', '"\\ud83d\\ude42"', '"\\u202e\\ufeff\\uffff"', '"\\x41"', '"\\u12"', '"\n"', '"\t"', '"\\',
        '"', "[", "]", "{", "}", ",", ":",
        '"__proto__"', "\"'; DROP TABLE session; --\"", '"%s%n%x{0}{x.__class__}${7*7}"', '"../../../etc/passwd"',
        '"=1+1"', '"<script>"',
        '"sess_1_aaaaaaaaaaaaaaaaaaaa"', '"9999-12-31T23:59:59.999999999+14:00"', '"1970-01-01T00:00:00-23:59"',
        '"2025-02-30T00:00:00Z"',
        '"2025-01-19T01:42:60Z"', '"٢٠٢٥-01-19T01:42:00Z"', '"' + "x" * 129 + '"', '"' + "가" * 5001 + '"',
        '"' + "🙂" * 30_000 + '"', '"' + "x" * 65_537 + '"',
        "[]", "[[]]", "[null]", "[[[[]]]]", "[0,0,0,0]", "[1e400,0]", "[NaN,NaN]", '["x","y"]', "[{}]", "[true,false]",
        "[" + "0," * 500 + "0]",
        "{}", '{"x":1}', '{"x":1,"y":2,"z":null}', '{"a":1,"a":2}', '{"":{"":{}}}', '{"items":[]}', '{"length":1e9}',
        "[" * 900 + "]" * 900,
        '{"a":' * 900 + "1" + "}" * 900, "[" * 50_000, b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"', b'"\xe3\x81"', b"\0", b"\xef\xbb\xbf1",
    )
)  # fmt: skip

KEYS = (
    b'""',
    b'"a\\u0000"',
    b'"\\ud800"',
    b'"\xff"',
    b'"' + b"k" * 70_000 + b'"',
    b'"__proto__"',
    b'"constructor"',
    b"null",
    b"1",
    b"unquoted",
    b'"items"',
    b'"_schema"',
)

TYPES = (
    "application/json", "application/json", "application/json; charset=utf-8", "application/json;charset=utf-16",
    "application/json; charset=nosuch",
    "text/plain", "", " ", ";", "/", "application/", "application/ld+json", "+json", "application/xml",
    "multipart/form-data; boundary=x", "json; " * 200,
    "application/x-www-form-urlencoded", "multipart/form-data", "application/json, text/html", "\u00ff\u00fe/json",
    'a/b; c="', "application/json; boundary=\"",
)  # fmt: skip

ENCODINGS = ("identity", "deflate", "br", "zstd", "gzip, gzip", "gzip, identity", "", " GZIP ", "x-gzip", "*", "\u00ff", "gzip;q=1")

#: Path segments as they are sent.
SEGMENTS = (
    "", "%00", "%0a", "%0d%0aX-A:%20b", "%20", "%ff", "%ed%a0%80", "%c0%af", "%2e%2e", "..", ".", "%2f", "%5c", "%",
    "%zz", "%u0041", "~", "'", "%22", "%27%20OR%201=1--",
    "undefined", "null", "-1", "0", "1e400", "sess_", "sess_1_aaaaaaaaaaaaaaaaaaaa", "SESS_1_AAAAAAAAAAAAAAAAAAAA",
    "sess_99999999999999999999_aaaaaaaaaaaaaaaa",
    "sess_1_aaaaaaaaaaaaaaaa%00", "sess_%D9%A1_aaaaaaaaaaaaaaaa", "%F0%9F%99%82", "%EA%B0%80", "x" * 129, "x" * 4000,
    ";a=b", "a:b@c", "start", "user", "stats", "batch-tick",
    "__class__", "{session_id}", "<int:id>", "*", "+", "a=b&c", "%25%32%66", "\u00e9", "|", "^", "`", "[]",
)  # fmt: skip

VALUES_OF_A_QUERY = (
    "", "0", "1", "-1", "101", "1e2", "1.0", "%201", "1%00", "%EF%BC%91", "%D9%A1", "9" * 500, "NaN", "null", "true",
    "vad", "VAD", "emotion%00", "%ff", "%ed%a0%80", "%", "%zz",
    "MTczNzI1MDgwMDAwMC4x", "MTczNzI1MDgwMDAwMC4x=", "LTEuLTE=", "OTk5OTk5OTk5OTk5OS45OTk5OTk5OTk5OTk5OTk5OTk5OTk=",
    "Li4=", "====", "a" * 3000, "+", "%2B", "[]", "{}", "'",
)  # fmt: skip

QUERIES = (
    "?",
    "??",
    "?&&&",
    "?=",
    "?=&=",
    "?%",
    "?%00=%00",
    "?%ff=%ff",
    "?a[]=1&a[b]=2",
    "?;",
    "?#",
    "?" + "a&" * 3000,
    "?" + "&".join(f"k{n}=v" for n in range(900)),
)

#: Header values, by name.
HEADERS = {
    "X-Request-Id": ("", " ", "a b", "x" * 129, "\u00e9", "a,b", "<b>", "{}", "%0d%0a", "a\tb"),
    "Idempotency-Key": ("", " ", "k", "k" * 255, "k" * 256, "\u00e9", "\u00ad", "a\tb", "'; --", "\u0080", '"k"'),
    "If-None-Match": ("*", "", '"', 'W/"', 'W/"x", "y"', ",,,", '"' + "x" * 5000 + '"', "\u00ff", 'w/"a"', "W/*"),
    "If-Modified-Since": ("", "yesterday", "Thu, 99 Foo 9999 99:99:99 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "0"),
    "If-Range": ("*", '"x"', "Thu, 32 Jan 1970 00:00:00 GMT"),
    "If-Match": ("*", '"x"'),
    "Range": (
        "bytes=0-0", "bytes=-1", "bytes=5-1", "bytes=a-b", "bytes=0-,0-,0-", "lines=1-2",
        "bytes=" + "0-1," * 500, "bytes=99999999999999999999-",
    ),
    "Accept": ("", "*", "*/*;q=abc", "text/html;q=9e999", "a" * 4000, ",", "application/json;;;", "\u00ff"),
    "Accept-Encoding": ("", "gzip;q=NaN", "*;q=0", "br,,,"),
    "Accept-Language": ("ko;q=x", "x" * 3000, "*", "-"),
    "Origin": ("null", "http://localhost:5173", "http://localhost:5173.evil.example", "", "\u00ff", "http://[::1", "*"),
    "Access-Control-Request-Method": ("", "PUT", "\u00ff", "x" * 3000),
    "Access-Control-Request-Headers": ("", "authorization", ",,,,", "\u00ff", "x-" * 2000),
    "Authorization": (
        "", "Bearer", "Bearer ", "Basic Og==", "Basic \u00ff", "Bearer a.b.c", "Bearer " + "x" * 9000, "Digest =,=",
        "bearer ..", "Negotiate =",
    ),
    "Cookie": ("", "=", ";;;", "a=b; a=c", "a=" + "x" * 5000, '"\\', "\u00ff=\u00ff"),
    "Content-Type": TYPES,
    "Content-Encoding": ENCODINGS,
    "Host": ("", "a b", "[::1", "localhost:99999", "\u00ff", "x" * 3000, "a/b", "user@host", "localhost:0x50"),
    "X-Forwarded-For": ("", "::::", "1.2.3.4, 999.1.1.1", "\u00ff", "1," * 2000),
    "X-Forwarded-Proto": ("gopher", ""),
    "Forwarded": ("for=;;;", 'for="[::1'),
    "X-Real-IP": ("x", ""),
    "X-HTTP-Method-Override": ("DELETE", "\u00ff"),
    "X-Device-ID": ("", "\u00ff", "x" * 5000, "a\tb", "'; --"),
    "X-Timestamp": ("NaN", "9" * 400),
    "Expect": ("100-continue", "200-ok", "\u00ff"),
    "Connection": ("close", "keep-alive, close", "upgrade", "\u00ff", "Transfer-Encoding"),
    "Upgrade": ("websocket", "h2c"),
    "TE": ("trailers", "chunked;q=x"),
    "Max-Forwards": ("-1",),
    "Date": ("x",),
    "Content-Length": ("+1", "-1", "0x1", "1, 2", "", "9" * 40, "\u00b2", " "),
    "Transfer-Encoding": ("identity", "gzip", "chunked, chunked", "xchunked", "\u000bchunked", ""),
    "X Y": ("a",),
    "": ("a",),
    "X\u00e9": ("a",),
    "X_Request_Id": ("a",),
    "x" * 500: ("a",),
    "X-Large": ("y" * 17_000,),
}  # fmt: skip
