"""The document: every route is in it, it is valid, and it is what is served."""

from typing import Any

import jsonschema_rs
import pytest

from callcenter.web.api import ROUTES


async def test_the_document_is_valid_openapi_3_1(hotline: Any) -> None:
    document = await hotline.get("/api/openapi.json", role=None)
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator = pytest.importorskip("openapi_spec_validator").OpenAPIV31SpecValidator
    OpenAPIV31SpecValidator(document).validate()
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator({"components": document["components"], **schema})


async def test_every_route_of_the_application_is_in_the_document(hotline: Any) -> None:
    document = await hotline.get("/api/openapi.json", role=None)
    told = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    served = set()
    for resource in hotline.server.app.router.resources():
        served |= {(route.method, resource.canonical) for route in resource if route.method != "HEAD"}
    assert {one for one in served if one[1].startswith(("/api/v1/", "/intake/", "/cti/"))} == told
    assert told == {(route.method, route.path) for route in ROUTES}


async def test_operations_have_names_of_their_own(hotline: Any) -> None:
    document = await hotline.get("/api/openapi.json", role=None)
    operations = [one for operations in document["paths"].values() for one in operations.values()]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names)
    assert all(one["summary"] for one in operations)


async def test_the_docs_page_and_what_it_loads_are_served_from_here(hotline: Any) -> None:
    page = (await hotline.ask("GET", "/api/docs", role=None)).raw.decode()
    assert "http" not in page.replace("<!doctype html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert name in page
        asset = await hotline.ask("GET", f"/api/docs/static/{name}", role=None)
        assert (asset.status, len(asset.raw) > 10_000) == (200, True)


async def test_health_needs_no_token(hotline: Any) -> None:
    assert (await hotline.ask("GET", "/healthz", role=None)).body == {"status": "ok"}
    assert (await hotline.ask("GET", "/readyz", role=None)).body == {"status": "ok"}


async def test_what_is_not_there_and_what_cannot_be_done_are_problems_too(hotline: Any) -> None:
    missing = await hotline.ask("GET", "/nothing", expect=404)
    assert missing.headers["Content-Type"].startswith("application/problem+json")
    for method in ("PUT", "TRACE", "OPTIONS", "HEAD", "DELETE"):
        reply = await hotline.ask(method, "/calls")
        assert reply.status == 405
        assert set(reply.headers["Allow"].split(",")) == {"GET", "POST"}
