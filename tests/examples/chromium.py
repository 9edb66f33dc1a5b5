"""A real browser: Debian's Chromium without a window, driven through its own driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait
from tests.peers.processes import ROOT, unpacked_environment

#: Sizes of the window, in pixels.
_WIDE, _NARROW, _HIGH = 1000, 500, 900

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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
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

    def press(self, words: str) -> None:
        """Press the button or follow the link with these words."""
        path = f"//button[normalize-space()='{words}'] | //a[normalize-space()='{words}']"
        self._leave_by(self.driver.find_element(By.XPATH, path))

    def press_submit(self) -> None:
        """Press the only button of a foreign form."""
        self._leave_by(self.driver.find_element(By.CSS_SELECTOR, "button[type=submit]"))

    def forget(self) -> None:
        """Forget this site's cookies, as another person's browser would not have them."""
        self.driver.delete_all_cookies()

    def check_and_picture(self, name: str) -> None:
        """Take a picture of one of our pages, and check what it must have for everyone."""
        found = self.faults()
        assert not found, found
        self.picture(name)

    def picture(self, name: str) -> None:
        """Take a picture of the whole page."""
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.driver.set_window_size(_WIDE, max(_HIGH, height + 150))
        assert self.driver.save_screenshot(str(self.pictures / f"{name}.png"))
        self.driver.set_window_size(_WIDE, _HIGH)

    def faults(self) -> list[str]:
        """Return what keeps somebody from using the page, wide or as narrow as a telephone."""
        found: list[str] = self.driver.execute_script(_FAULTS)
        self.driver.set_window_size(_NARROW, _HIGH)
        narrow: list[str] = self.driver.execute_script(_FAULTS)
        self.driver.set_window_size(_WIDE, _HIGH)
        here = "/".join(self.driver.current_url.split("/")[:3])
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call] # selenium's
        said = [entry["message"] for entry in entries]
        return [*found, *narrow, *(message for message in said if message.startswith(here))]

    def _leave_by(self, control: WebElement) -> None:
        """Press a control and wait until another page is there."""
        here = self.driver.find_element(By.TAG_NAME, "html")
        control.click()
        WebDriverWait(self.driver, 10).until(staleness_of(here))


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """Yield a browser with a new profile; pictures go into the folder."""
    options = ChromeOptions()
    options.binary_location = str(ROOT / "usr/lib/chromium/chromium")
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    service = ChromeService(str(ROOT / "usr/bin/chromedriver"), env=unpacked_environment())
    with Chrome(options=options, service=service) as driver:
        driver.implicitly_wait(5)
        yield Page(driver, folder)
