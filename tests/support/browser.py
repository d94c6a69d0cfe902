"""A headless Chromium and nothing else: its own protocol over two pipes, so that no package is needed.

``CHROMIUM`` names the browser where it has another name. Where there is none, tests that need it are skipped
and say how to get it; with ``MEMGEN_NEEDS_BROWSER`` set, as in CI, they fail instead.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = (
    "no Chromium, so the page was not tried in a browser; on Debian: apt-get install chromium; "
    "elsewhere set CHROMIUM to its path"
)
#: The browser reads from descriptor 3 and writes to 4.
START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execv(sys.argv[3], sys.argv[3:])"
)
CODES = {"Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
#: Seconds to wait for one answer.
PATIENCE = 120


def found() -> str | None:
    """Path of the browser, or None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page, driven by the browser's protocol.

    Messages are JSON that ends with a null byte; answers carry the number of the question, and what the page
    says by itself (errors, messages of the console) is kept in `complaints`.
    """

    def __init__(self, questions: int, answers: int) -> None:
        self._questions, self._answers = questions, answers
        self._number, self._rest = 0, b""
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        attached = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)
        self._session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **values: Any) -> dict[str, Any]:
        """Call a method of the protocol on this page."""
        return self._ask(method, values, self._session)

    def _ask(self, method: str, values: dict[str, Any], session: str | None) -> dict[str, Any]:
        self._number += 1
        question = {"id": self._number, "method": method, "params": values}
        if session:
            question["sessionId"] = session
        os.write(self._questions, json.dumps(question).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise RuntimeError("the browser has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        method, values = answer.get("method"), answer.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(_told(values["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and values["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(part.get("value")) for part in values["args"]))
        elif method == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            self.complaints.append(values["entry"]["text"])
        return answer

    def size(self, width: int, height: int, *, ratio: float = 1, mobile: bool = False) -> None:
        """Set the size of the window in CSS pixels."""
        window = {"width": width, "height": height, "deviceScaleFactor": ratio, "mobile": mobile}
        self.ask("Emulation.setDeviceMetricsOverride", **window)

    def scheme(self, name: str) -> None:
        """Set what the reader prefers: light or dark; and nothing that glides."""
        wishes = {"prefers-color-scheme": name, "prefers-reduced-motion": "reduce"}
        features = [{"name": key, "value": value} for key, value in wishes.items()]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def open(self, address: str) -> None:
        """Go to an address, anew, and wait until the page has loaded."""
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, expression: str) -> Any:
        """Value of an expression in the page; a promise is awaited."""
        answer = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(_told(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait(self, condition: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.value(condition):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until the page has drawn what was asked of it, and its address holds it."""
        self.value("new Promise(done => requestAnimationFrame(() => setTimeout(done, 250)))")

    def press(self, key: str, *, text: str = "") -> None:
        common = {"key": key, "code": key, "windowsVirtualKeyCode": CODES.get(key, 0)}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **common)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Move, press or release the mouse at a place in CSS pixels."""
        pressed = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, buttons=1, **pressed)

    def click(self, x: float, y: float) -> None:
        self.mouse("mousePressed", x, y)
        self.mouse("mouseReleased", x, y)


def _told(details: dict[str, Any]) -> str:
    """What an error of the page says."""
    return str(details.get("exception", {}).get("description", details["text"]))


def _pipe() -> tuple[int, int]:
    """A pipe whose descriptors are out of the way of those that the browser takes."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]


@contextlib.contextmanager
def page(browser: str) -> Iterator[Page]:
    """A page in a browser of its own, with an empty profile, no network and no windows."""
    (asked, questions), (answers, answered) = _pipe(), _pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars", f"--user-data-dir={profile}"),
            "--remote-debugging-pipe",
        ]
        command = [sys.executable, "-c", START, str(asked), str(answered), browser, *flags]
        silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        process = subprocess.Popen(command, pass_fds=(asked, answered), **silent)
        os.close(asked)
        os.close(answered)
        try:
            yield Page(questions, answers)
        finally:
            os.close(questions)
            os.close(answers)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
