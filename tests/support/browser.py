"""A headless Chromium that tests steer over a pipe: pages opened, keys pressed, colours asked for, the console read."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
)
PATIENCE_SECONDS = 60
KEYS = {"Tab": 9, "Enter": 13, " ": 32}


class Page:
    """One tab. `complaints` is all that its console was told, and what went wrong without a word."""

    def __init__(self, said: int, heard: int) -> None:
        self.said, self.heard = said, heard
        self.count = 0
        self.rest = b""
        self.session: str | None = None
        self.loaded = False
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser one command of its protocol, and return its answer."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.said, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.heard], [], [], PATIENCE_SECONDS)
            assert ready, "Chromium does not answer."
            more = os.read(self.heard, 1 << 16)
            assert more, "Chromium went away."
            self.rest += more
        line, self.rest = self.rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        match message.get("method"):
            case "Page.loadEventFired":
                self.loaded = True
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded":
                self.complaints.append(json.dumps(message["params"]))
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
        return message

    def open(self, path: Path, *, width: int = 1280, dark: bool = False, media: str = "") -> None:
        """Load the page at this width, in this colour scheme, for the screen or for `media`."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=scheme)
        self.loaded = False
        self.ask("Page.navigate", url=path.resolve().as_uri())
        while not self.loaded:
            self._next()

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, *keys: str) -> None:
        """Keys, as a hand presses them."""
        for key in keys:
            text = {"Enter": "\r", " ": " "}.get(key, "")
            about = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
            self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
            self.ask("Input.dispatchKeyEvent", type="keyUp", **about)

    def picture(self, path: Path) -> None:
        """Return the whole page as a PNG."""
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True, format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def print(self, path: Path) -> None:
        """Return the page as a PDF on A4."""
        self.ask("Emulation.clearDeviceMetricsOverride")
        data = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def browser(profile: Path, flags: Sequence[str] = ()) -> Iterator[Page]:
    """Open a tab of a Chromium of its own, whose profile lies in the folder; it ends with the block."""
    assert CHROMIUM is not None
    theirs_in, said = os.pipe()
    heard, theirs_out = os.pipe()
    # Chromium reads descriptor 3 and writes 4; a shell puts them there, whatever numbers they have here.
    wrapped = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    command = ["bash", "-c", wrapped, "chromium", CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags]
    process = subprocess.Popen(
        command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        page = Page(said, heard)
        yield page
        page.session = None
        page.ask("Browser.close")
    finally:
        os.close(said)
        os.close(heard)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
