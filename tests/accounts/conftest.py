import pytest


@pytest.fixture(autouse=True)
def _cheap(request: pytest.FixtureRequest) -> None:
    """Only tests marked by `real_hashes` in their file pay for hashes as people's are."""
    if not getattr(request.module, "REAL_HASHES", False):
        request.getfixturevalue("cheap_hashes")
