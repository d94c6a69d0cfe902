"""The context of RO-Crate 1.1 for a validator without a network: from the wheel of rocrate into its cache."""

import io
from importlib.resources import files
from pathlib import Path

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


def seed(cache: Path) -> None:
    """Put the context into a cache of HTTP answers, as if it had been fetched."""
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter
    from requests_cache import CachedSession
    from urllib3 import HTTPResponse

    content = files("rocrate").joinpath("data/ro-crate.jsonld").read_bytes()
    assert b'"https://w3id.org/ro/crate/1.1/context"' in content

    class Shelf(HTTPAdapter):
        def send(self, request: PreparedRequest, **_: object) -> Response:  # type: ignore[override]
            kind = {"Content-Type": "application/ld+json"}
            body = io.BytesIO(content)
            answer = HTTPResponse(body, kind, 200, preload_content=False, request_url=CONTEXT)
            return self.build_response(request, answer)

    with CachedSession(cache_name=str(cache), expire_after=-1) as session:
        session.mount("https://", Shelf())
        assert session.get(CONTEXT).json()["@id"] == CONTEXT
