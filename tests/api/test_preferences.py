"""The settings of the page: per device while authentication is off, merged, checked; only what was chosen is told."""

import pytest

from tests.support.signing import HS256, bearer

CHOSEN = {"fontScale": "xl", "layoutDensity": "compact", "language": "en", "notificationsOptIn": True}
PATH = "/api/user/preferences"


def of(device):
    return {} if device is None else {"X-Device-ID": device}


def shown(client, device=None):
    answer = client.get(PATH, headers=of(device))
    assert answer.status_code == 200
    return answer.json["data"]


def choose(client, device=None, **preferences):
    answer = client.put(PATH, json={"preferences": preferences}, headers=of(device))
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def test_without_a_choice_there_is_nothing_so_that_the_page_keeps_its_own(client):
    assert shown(client) == shown(client, "device_1") == {}


def test_what_is_chosen_is_kept_and_what_is_left_out_stays(client):
    assert choose(client, "device_1", **CHOSEN) == shown(client, "device_1") == CHOSEN
    changed = {**CHOSEN, "language": "ko", "notificationsOptIn": False}
    assert choose(client, "device_1", language="ko", notificationsOptIn=False) == changed
    assert choose(client, "device_1") == choose(client, "device_1", fontScale=None) == shown(client, "device_1") == changed


def test_each_device_has_its_own_and_without_one_nothing_is_kept(client):
    choose(client, "device_1", fontScale="lg")
    choose(client, "shared", fontScale="sm")
    assert choose(client, None, language="en") == choose(client, " ", language="en") == {"language": "en"}
    assert shown(client, "device_1") == {"fontScale": "lg"}
    assert shown(client, "shared") == {"fontScale": "sm"}
    assert shown(client, " ") == shown(client) == shown(client, "device_2") == {}


def test_unknown_settings_are_dropped(client):
    assert choose(client, "device_1", theme="dark", userId="user-1", fontScale="lg") == {"fontScale": "lg"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"preferences": {"fontScale": "huge"}}, ["fontScale"]),
        ({"preferences": {"fontScale": 5, "layoutDensity": "Compact"}}, ["fontScale", "layoutDensity"]),
        ({"preferences": {"language": "fr", "notificationsOptIn": "true"}}, ["language", "notificationsOptIn"]),
        ({"preferences": {"notificationsOptIn": 1}}, ["notificationsOptIn"]),
        ({"preferences": []}, ["preferences"]),
        ({"preferences": None}, ["preferences"]),
        ({"fontScale": "lg"}, ["preferences"]),
        ([], ["body"]),
    ],
    ids=str,
)
def test_unknown_values_are_refused_and_change_nothing(client, body, fields):
    choose(client, "device_1", fontScale="lg")
    refused = client.put(PATH, json=body, headers=of("device_1"))
    assert refused.status_code == 400
    error = refused.json["error"]
    assert error["message"].startswith(f"{fields[0]} ")
    assert [each["field"] for each in error.get("details", [])] == (fields if len(fields) > 1 else [])
    assert shown(client, "device_1") == {"fontScale": "lg"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("device", ["d" * 129, "기기".encode().decode("latin-1"), "a\x7fb", "a\x1fb"])
def test_a_device_that_is_no_name_is_refused(client, device):
    for answer in (client.get(PATH, headers=of(device)), client.put(PATH, json={"preferences": CHOSEN}, headers=of(device))):
        assert (answer.status_code, answer.json["error"]["message"].split()[0]) == (400, "X-Device-ID")
    assert shown(client, "d" * 128) == {}


@pytest.mark.settings(**HS256)
def test_with_authentication_they_are_the_subjects_on_whatever_device(client):
    one, two = bearer("user-1", "user"), bearer("user-2", "user")

    def ask(headers, body=None):
        answer = client.open(PATH, method="PUT" if body else "GET", json=body, headers=headers)
        assert answer.status_code == 200
        return answer.json["data"]

    assert ask({**one, **of("device_1")}, {"preferences": CHOSEN}) == CHOSEN
    assert ask({**one, **of("device_2")}) == ask({**one, **of("d" * 129)}) == ask(one) == CHOSEN
    assert ask({**two, **of("device_1")}) == {}
    assert ask(bearer("user-1", "counselor")) == CHOSEN, "one person, whatever the role"


def test_they_outlive_the_process_and_are_the_same_for_all(service, http):
    first = service()
    chosen = http.put(f"{first.url}{PATH}", json={"preferences": CHOSEN}, headers=of("device_1"))
    assert chosen.json()["data"] == CHOSEN
    first.kill()
    assert http.get(f"{service().url}{PATH}", headers=of("device_1")).json()["data"] == CHOSEN
