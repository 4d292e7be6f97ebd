"""What every test shares: Hypothesis profiles, the count of examples, and published data."""

import functools
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

PUBLISHED = "OVERSIGHT_PUBLISHED_DATA"

# A law holds or not, however busy the machine is: time never fails a property. Nothing is kept
# between runs, so that a seed alone brings a run back.
UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "database": None}
settings.register_profile("quick", max_examples=30, derandomize=True, **UNTIMED)
settings.register_profile("deep", max_examples=10_000, print_blob=True, **UNTIMED)
settings.load_profile("quick")


def pytest_addoption(parser):
    parser.addoption(
        "--at-least",
        type=int,
        metavar="N",
        help="count the examples that properties ran to their end; fewer than N is a failure",
    )


def pytest_configure(config):
    if config.getoption("--at-least") is not None:
        config.pluginmanager.register(ExampleCounter(config), "example-counter")


class ExampleCounter:
    """Counts the examples that properties ran to their end, and says how many at the end."""

    def __init__(self, config):
        self.least = config.getoption("--at-least")
        self.seed = config.getoption("--hypothesis-seed")
        self.examples = 0
        self.properties = set()

    def pytest_collection_finish(self, session):
        for item in session.items:
            handle = getattr(getattr(item, "obj", None), "hypothesis", None)
            if handle is not None and id(handle) not in self.properties:
                self.properties.add(id(handle))
                handle.inner_test = self.counted(handle.inner_test)

    def counted(self, holds):
        @functools.wraps(holds)
        def counted(*args, **kwargs):
            holds(*args, **kwargs)  # leaves by an exception where an example fails or is discarded
            self.examples += 1

        return counted

    def pytest_sessionfinish(self, session):
        if self.examples < self.least and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.write_sep("-", "examples")
        terminalreporter.write_line(
            f"{self.examples:,} examples of {len(self.properties)} properties, seed {self.seed}"
        )
        if self.examples < self.least:
            terminalreporter.write_line(f"too few: {self.least:,} were asked for", red=True)


def pytest_runtest_setup(item):
    if item.get_closest_marker("published") and PUBLISHED not in os.environ:
        pytest.skip(f"{PUBLISHED} is unset; it names the folder of published data to compare with")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep the user's cache out of the tests, in the commands they start as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVERSIGHT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def published_data():
    """Return the folder of published data; only for tests marked `published`."""
    folder = Path(os.environ[PUBLISHED])
    assert folder.is_dir(), f"{PUBLISHED} names {folder}, which is not a folder"
    return folder
