"""Headless Chromium, driven through its debugging pipe: load a page offline, press keys, evaluate expressions."""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60.0  # seconds for one answer, on a busy machine
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium reads commands from descriptor 3 and answers on descriptor 4.
AS_3_AND_4 = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
KEYS = {
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "ArrowRight": {"key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39},
    "s": {"key": "s", "code": "KeyS", "windowsVirtualKeyCode": 83, "text": "s"},
}


def find_executable() -> str | None:
    """Return the path of Chromium, None if it is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def run_browser() -> Iterator[Browser]:
    """Start a browser for the tests of a module: `browser = pytest.fixture(scope="module")(run_browser)`."""
    path = find_executable()
    if path is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    started = Browser(path)
    yield started
    started.close()


def find_axe() -> str:
    """Return the source of axe-core from a package of PyPI or npm; skip the test without it."""
    found = importlib.util.find_spec("axe_playwright_python")  # not imported, since it needs playwright
    folders = map(Path, (found.submodule_search_locations or ()) if found else ())
    places = [os.environ.get("ARCHCOST_AXE", ""), *(folder / "axe.min.js" for folder in folders)]
    for path in (*places, ROOT / "node_modules/axe-core/axe.min.js"):
        if path and Path(path).is_file():
            return Path(path).read_text(encoding="utf-8")
    pytest.skip("no axe-core here; `pip install --no-deps axe-playwright-python`, or ARCHCOST_AXE=path/to/axe.min.js")


def list_violations(browser: Browser) -> list[list[str]]:
    """Return axe's violations on the open page: impact, rule, the first element."""
    browser.ask(find_axe() + "; 0")
    passes, found = browser.ask(
        "axe.run().then((all) => [all.passes.length, all.violations.map((v) => [v.impact, v.id, v.nodes[0].html])])"
    )
    assert passes > 15
    return found


class Browser:
    """One browser with one page and no network. `messages` are the page's complaints, `requests` its requested URLs."""

    def __init__(self, path: str):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        reading, self.to = os.pipe()
        self.answers, writing = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", AS_3_AND_4, str(reading), str(writing), path, *SWITCHES,
             f"--user-data-dir={self.folder.name}", "about:blank"],
            pass_fds=(reading, writing), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(reading)
        os.close(writing)
        self.numbers = itertools.count(1)
        self.rest = b""
        self.session: str | None = None
        self.loaded = False
        self.messages: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Performance.enable", timeDomain="threadTicks")  # other processes' work does not count
        self.send("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def close(self) -> None:
        """End the browser."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        os.close(self.to)
        os.close(self.answers)
        self.folder.cleanup()

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result."""
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, path: Path, *, width: int = 1280, scheme: str = "light", media: str = "screen") -> None:
        """Load a file."""
        self.messages.clear()
        self.requests.clear()
        self.loaded = False
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", media=media, features=[feature])
        self.send("Page.navigate", url=path.as_uri())
        while not self.loaded:
            self._receive()

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression; await a promise."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def take_seconds(self) -> float:
        """Return the processor seconds of the page's main thread since it loaded, once what is asked for is drawn."""
        self.ask("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)))")
        measured = self.send("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in measured if each["name"] == "TaskDuration")

    def press(self, key: str) -> None:
        """Press a key on the focused element."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, **KEYS[key])

    def screenshot(self) -> bytes:
        """Return the page as PNG."""
        return base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"])

    def _receive(self) -> dict[str, Any]:
        """Return the next message; record the page's own messages."""
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.answers], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium does not answer"
            part = os.read(self.answers, 1 << 20)
            assert part, "Chromium has ended"
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        event = json.loads(message)
        match event.get("method"):
            case "Page.loadEventFired":
                self.loaded = True
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.messages.append(json.dumps(event["params"]))
            case "Network.requestWillBeSent":
                self.requests.append(event["params"]["request"]["url"])
        return event
