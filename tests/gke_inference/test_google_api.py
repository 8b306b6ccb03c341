"""Google's APIs when they are slow, broken or say no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi
from tests.gke_inference.google_stand_in import Fault, GoogleStandIn

REGION = "compute.regions.get"


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    """Serve Google with one region."""
    stand_in = GoogleStandIn(answers={REGION: lambda params, body: {"name": params["region"]}})
    with stand_in.serving():
        yield stand_in


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the pauses between tries away: they are random, from none on."""
    monkeypatch.setattr("random.random", lambda: 0.0)


def region(api: GoogleApi) -> object:
    """Make one call."""
    return api.call("compute", "v1", "regions.get", project="p", region="us-east5")["name"]


def refused(api: GoogleApi) -> ApiError:
    """Return what a call that must fail says."""
    with pytest.raises(ApiError) as raised:
        region(api)
    return raised.value


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again(google: GoogleStandIn, status: int) -> None:
    """Too many requests and server errors."""
    google.faults[REGION] = [Fault(status), Fault(status)]

    assert region(google.api()) == "us-east5"
    assert len(google.asked(REGION)) == 3


def test_what_does_not_pass_is_told_after_five_tries(google: GoogleStandIn) -> None:
    """With Google's own words."""
    google.faults[REGION] = Fault(503, "try later")
    error = refused(google.api())

    assert (error.status, error.reason, error.message) == (503, "UNAVAILABLE", "try later")
    assert len(google.asked(REGION)) == 5


@pytest.mark.parametrize(("status", "denied", "missing"), [(403, True, False), (404, False, True), (409, False, False)])
def test_a_no_is_a_no(google: GoogleStandIn, status: int, denied: bool, missing: bool) -> None:
    """It is not asked again."""
    google.faults[REGION] = Fault(status)
    error = refused(google.api())

    assert (error.denied, error.missing) == (denied, missing)
    assert len(google.asked(REGION)) == 1


def test_a_wrong_token_is_refused(google: GoogleStandIn) -> None:
    """And cannot be made fresh, which is reported without a traceback."""
    error = refused(google.api(token="wrong"))

    assert error.status in (None, 401)
    assert google.asked(REGION) == []


def test_an_answer_that_never_comes_is_bounded(google: GoogleStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try has its time, and there are five."""
    monkeypatch.setattr("gke_inference.google_api.TIMEOUT_SEC", 0.2)
    google.faults[REGION] = Fault("hang")
    error = refused(google.api())

    assert (error.status, error.reason) == (None, "TimeoutError")
    assert len(google.asked(REGION)) == 5


def test_half_a_reply_is_no_reply(google: GoogleStandIn) -> None:
    """It is an error, not a short answer."""
    google.faults[REGION] = Fault("half")

    assert (refused(google.api()).status, len(google.asked(REGION))) == (None, 1)


def test_all_pages_are_read(google: GoogleStandIn) -> None:
    """Lists, and maps such as those of aggregated lists."""

    def page(params: dict[str, str], body: object) -> dict[str, object]:
        number = int(params.get("pageToken", "0"))
        return {"items": [{"name": f"s{number}"}], **({"nextPageToken": str(number + 1)} if number < 2 else {})}

    google.answers["compute.subnetworks.list"] = page
    google.answers["compute.machineTypes.aggregatedList"] = {"items": {"zones/a": {"machineTypes": []}}}
    api = google.api()
    subnets = api.pages("compute", "v1", "subnetworks.list", items="items", project="p", region="r")
    scopes = api.pages("compute", "v1", "machineTypes.aggregatedList", items="items", project="p")

    assert [subnet["name"] for subnet in subnets] == ["s0", "s1", "s2"]
    assert list(scopes) == [("zones/a", {"machineTypes": []})]
    pages = api.whole_pages("compute", "v1", "subnetworks.list", project="p", region="r")
    assert [sorted(one) for one in pages] == [["items", "nextPageToken"]] * 2 + [["items"]]


@pytest.mark.parametrize(
    ("http_method", "url", "body", "status"),
    [
        ("GET", "/compute/projects/p/regions/r", b"", 200),
        ("GET", "/compute/projects/p/regionz/r", b"", 404),
        ("DELETE", "/compute/projects/p/regions/r", b"", 404),
        ("GET", "/compute/projects/p/regions/r?filter=x", b"", 400),
        ("GET", "/compute/projects/p/regions/r?alt=yaml", b"", 400),
        ("GET", "/compute/projects/p/global/networks/n/listPeeringRoutes?maxResults=x", b"", 400),
        ("POST", "/compute/projects/p/global/networks", b'{"nam": "n"}', 400),
        ("POST", "/compute/projects/p/global/networks", b'{"mtu": "1500"}', 400),
        ("POST", "/compute/projects/p/global/networks", b'{"routingConfig": {"routingMode": "LOCAL"}}', 400),
        ("POST", "/secretmanager/v1/projects/p/secrets", b"{}", 200),
    ],
)
def test_the_stand_in_is_as_strict_as_google(
    google: GoogleStandIn, http_method: str, url: str, body: bytes, status: int
) -> None:
    """Paths, parameters and bodies are held against the discovery documents."""
    google.answers["secretmanager.projects.secrets.create"] = {}
    try:
        google.answer(http_method, url, "Bearer stand-in-token", body)
        got: object = 200
    except Fault as fault:
        got = fault.kind

    assert got == status


def test_an_answer_that_google_would_not_give_is_a_mistake_of_the_test() -> None:
    """An unknown field, a wrong enum value, or none at all."""
    stand_in = GoogleStandIn(answers={REGION: {"nam": "x", "status": "LEFT"}})
    with pytest.raises(AssertionError, match=r"unknown field nam.*cannot be 'LEFT'.*no answer was configured"):
        _ask_for_two_mistakes(stand_in)


def _ask_for_two_mistakes(stand_in: GoogleStandIn) -> None:
    with stand_in.serving():
        refused(stand_in.api())
        stand_in.answers.clear()
        refused(stand_in.api())
