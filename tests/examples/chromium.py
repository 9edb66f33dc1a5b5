"""A real browser: Debian's Chromium without a window, driven through its own driver."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from tests.peers.processes import ROOT, unpacked_environment

#: Widths of a desk's and a telephone's window, in pixels, and a height.
_WIDE, _NARROW, _HIGH = 1000, 390, 800

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    f"--window-size={_WIDE},{_HIGH}",
)

#: Inputs without a label, images without a text, and whether the page is wider than its window.
_FAULTS = """
const bare = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter(field => !field.labels.length).map(field => `no label: ${field.name}`);
const nameless = [...document.querySelectorAll('button, a')]
  .filter(control => !control.textContent.trim()).map(() => 'no name');
const root = document.documentElement;
const wide = root.scrollWidth > root.clientWidth ? ['wider than the window'] : [];
return [...bare, ...nameless, ...wide, ...(root.lang ? [] : ['no language'])];
"""


class Page:
    """What somebody at the browser can do: read, type, press."""

    def __init__(self, driver: Chrome, pictures: Path) -> None:
        self.driver = driver
        self.pictures = pictures

    @property
    def text(self) -> str:
        """What can be read."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    @property
    def heading(self) -> str:
        """The page's own title."""
        return self.driver.find_element(By.TAG_NAME, "h1").text

    def open(self, url: str) -> None:
        """Go to an address."""
        self.driver.get(url)

    def type(self, **fields: str) -> None:
        """Fill in fields by their names."""
        for name, value in fields.items():
            field = self.driver.find_element(By.NAME, name)
            field.clear()
            field.send_keys(value)

    def tick(self, name: str) -> None:
        """Tick a box by its name."""
        self.driver.find_element(By.NAME, name).click()

    def press(self, words: str) -> None:
        """Press the button or follow the link with these words."""
        path = f"//button[normalize-space()='{words}'] | //a[normalize-space()='{words}']"
        self._leave_by(self.driver.find_element(By.XPATH, path))

    def press_submit(self) -> None:
        """Press the only button of a foreign form."""
        self._leave_by(self.driver.find_element(By.CSS_SELECTOR, "button[type=submit]"))

    def forget(self) -> None:
        """Forget every site's cookies, as another person's browser would not have them."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def check_and_picture(self, name: str) -> None:
        """Take pictures of one of our pages, and check what it must have for everyone."""
        for width in (_WIDE, _NARROW):
            with self._window(width):
                found = self.driver.execute_script(_FAULTS)
                assert not found, (width, found)
                self.picture(f"{name}-{width}")
        here = "/".join(self.driver.current_url.split("/")[:3])
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call] # selenium's
        said = [entry["message"] for entry in entries]
        assert not [message for message in said if message.startswith(here)]

    def picture(self, name: str) -> None:
        """Take a picture of the whole page."""
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.execute_script("return document.documentElement.clientWidth")
        with self._window(width, max(_HIGH, height)):
            assert self.driver.save_screenshot(str(self.pictures / f"{name}.png"))

    @contextmanager
    def _window(self, width: int, height: int = _HIGH) -> Iterator[None]:
        """Show the page in a window of another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def _leave_by(self, control: WebElement) -> None:
        """Press a control and wait until another page is there."""
        self.driver.execute_script("window.wasHere = true")
        control.click()
        script = "return !window.wasHere && document.readyState === 'complete'"
        # Between two pages the driver may have none to ask.
        wait = WebDriverWait(self.driver, 10, 0.05, ignored_exceptions=[WebDriverException])
        wait.until(lambda driver: driver.execute_script(script))


def _fingerprint(certificate: Path) -> str:
    """Return the hash of a certificate's public key, as Chromium takes it."""
    found = load_pem_x509_certificate(certificate.read_bytes()).public_key()
    der = found.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b64encode(sha256(der).digest()).decode()


@contextmanager
def browsing(folder: Path, certificate: Path | None = None) -> Iterator[Page]:
    """
    Yield a browser with a new profile.

    Args:
        folder: Where its profile and its pictures go.
        certificate: A server's that it trusts, though no authority of the system's signed it.
    """
    options = ChromeOptions()
    options.binary_location = str(ROOT / "usr/lib/chromium/chromium")
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    if certificate is not None:
        trusted = _fingerprint(certificate)
        options.add_argument(f"--ignore-certificate-errors-spki-list={trusted}")
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    service = ChromeService(str(ROOT / "usr/bin/chromedriver"), env=unpacked_environment())
    with Chrome(options=options, service=service) as driver:
        driver.implicitly_wait(5)
        yield Page(driver, folder)
