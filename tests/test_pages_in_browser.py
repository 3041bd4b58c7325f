"""The pages in a real browser: Debian's chromium, driven by selenium.

Skipped where either is missing; with CEASEFIRE_BROWSER=required they fail instead. With
CEASEFIRE_SCREENSHOTS=FOLDER the pictures are kept there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ceasefire_stance.articles.pages import article_page, timeline_page
from tests.test_article_pages import (
    ARVENIA,
    CLAIMS,
    FRONT,
    NORLAND,
    TOWNS,
    make_article,
    make_claims,
    make_many,
    make_positions,
)

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
SIZES = {"phone": (390, 844), "narrow": (360, 640), "desk": (1280, 900)}
THEMES = ("light", "dark")


def missing_parts() -> list[str]:
    parts = [path for path in (CHROMIUM, DRIVER) if not Path(path).is_file()]
    return parts if find_spec("selenium") else [*parts, "selenium"]


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    if missing := missing_parts():
        message = f"not installed: {', '.join(missing)}"
        if os.environ.get("CEASEFIRE_BROWSER") == "required":
            pytest.fail(message)
        pytest.skip(message)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield started
    started.quit()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    article = make_article()
    claims = make_claims(article)
    positions, changes = make_many(claims)
    week = {"2031-01-04": "2031-03-01", "2031-02-11": "2031-03-02", "2031-05-20": "2031-03-08"}
    days = positions.assign(published=positions["published"].replace(week))
    sources = {
        "article": article_page(article, claims, make_positions(claims)),
        "empty": article_page(article, claims.iloc[:0], make_positions(claims).iloc[:0]),
        "timeline": timeline_page(positions, claims, changes),
        "days": timeline_page(days, claims, changes.iloc[:0]),
    }
    for name, source in sources.items():
        (folder / f"{name}.html").write_text(source, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in sources}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("CEASEFIRE_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Reader:
    """A person with one window, one theme, a pointer and a keyboard."""

    def __init__(self, driver: Any, size: str, theme: str) -> None:
        self.driver = driver
        width, height = SIZES[size]
        self.do("Emulation.setDeviceMetricsOverride", width=width, height=height,
                deviceScaleFactor=1, mobile=width < 500)  # fmt: skip
        self.do("Emulation.setTouchEmulationEnabled", enabled=width < 500)
        # Movement is off, so that a test need not wait for the scrolling to end.
        features = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
        self.do("Emulation.setEmulatedMedia",
                features=[{"name": k, "value": v} for k, v in features.items()])  # fmt: skip

    def do(self, command: str, **options: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, options)

    def open(self, path: Path) -> Reader:
        self.driver.get("about:blank")
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())
        return self

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def button(self, name: str) -> Any:
        (found,) = [
            b for b in self.driver.find_elements("tag name", "button") if b.text.startswith(name)
        ]
        return found

    def click(self, name: str) -> None:
        """Scroll a button into sight, as a person would, and click on it."""
        button = self.button(name)
        self.run("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def emphasised(self) -> list[str]:
        return self.run(
            "return [...document.querySelectorAll('mark.is-chosen')].map(m => m.id + ' ' + "
            "m.classList[0])"
        )

    def plain_looking(self) -> list[str]:
        return self.run(
            "return [...document.querySelectorAll('mark')].filter(m => "
            "getComputedStyle(m).backgroundColor === 'rgba(0, 0, 0, 0)').map(m => m.id)"
        )

    def current(self) -> str | None:
        """The id of the sentence that is current, if it can be seen."""
        return self.run(
            "const m = document.querySelector('mark[aria-current]'); if (!m) return null;"
            "const r = m.getBoundingClientRect();"
            "const bar = document.getElementById('bar').getBoundingClientRect();"
            "return r.top >= 0 && r.bottom <= bar.top ? m.id : `hidden ${m.id}`"
        )

    def said(self) -> str:
        return self.run("return document.getElementById('said').textContent")

    def overflow(self) -> int:
        return self.run(
            "const e = document.documentElement; return Math.max(e.scrollWidth, "
            "document.body.scrollWidth) - e.clientWidth"
        )

    def requests(self) -> list[str]:
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            e["params"]["request"]["url"]
            for e in events
            if e["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture(params=[(s, t) for s in SIZES for t in THEMES], ids=lambda p: "-".join(p))
def reader(request: pytest.FixtureRequest, driver: Any) -> Reader:
    return Reader(driver, *request.param)


@pytest.fixture
def desk(driver: Any) -> Reader:
    return Reader(driver, "desk", "light")


def picture(reader: Reader, path: Path, whole: bool = True) -> None:
    import base64

    shot = reader.do("Page.captureScreenshot", captureBeyondViewport=whole)
    path.write_bytes(base64.b64decode(shot["data"]))


@pytest.mark.parametrize("name", ["article", "empty", "timeline"])
def test_pages_open_without_errors_requests_or_sideways_scrolling(
    reader, files, pictures, request, name
):
    reader.open(files[name])
    assert reader.overflow() <= 0
    assert reader.requests() == [files[name].as_uri()]
    assert reader.run("return performance.getEntriesByType('resource').length") == 0
    case = request.node.callspec.id
    picture(reader, pictures / f"{case}.png")
    assert reader.driver.get_log("browser") == []


def test_nothing_sticks_out_of_the_window(reader, files):
    for name in ("article", "timeline"):
        reader.open(files[name])
        reader.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        wide = reader.run(
            "return [...document.querySelectorAll('body *')].filter(e => !e.closest('.unseen, "
            ".symbols, thead, .skip') && e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        assert wide == []
        assert reader.overflow() <= 0


# The marks have their ids in reading order, and the headline has the last one.
SENTENCES = {
    FRONT: ["s9 rejects", "s1 conditional", "s2 rejects", "s3 rejects", "s5 rejects",
            "s8 conditional"],
    ARVENIA: ["s9 accepts", "s0 accepts", "s6 rejects"],
    NORLAND: ["s3 accepts", "s4 accepts"],
    TOWNS: ["s7 accepts"],
}  # fmt: skip


def test_a_click_on_an_actor_emphasises_exactly_its_sentences(reader, files, pictures, request):
    reader.open(files["article"])
    assert reader.emphasised() == []
    for actor, expected in SENTENCES.items():
        reader.click(actor)
        assert reader.emphasised() == expected
        others = 10 - len(expected)
        assert len(reader.plain_looking()) == others
        assert reader.current() == expected[0].split()[0]
        stance = expected[0].split()[1]
        # The first sentence of the Front is the headline, in which its refusal is a guess.
        doubt = ", unsure" if actor == FRONT else ""
        assert reader.said() == f"{actor}, {stance}{doubt}: sentence 1 of {len(expected)}"
        pressed = reader.run(
            "return [...document.querySelectorAll('[aria-pressed=true]')].map(b => b.textContent)"
        )
        assert pressed == [actor]
        case = request.node.callspec.id
        if actor == NORLAND:
            picture(reader, pictures / f"chosen-{case}.png", whole=False)
    reader.click(TOWNS)
    assert reader.emphasised() == []
    assert reader.plain_looking() == []
    assert reader.driver.get_log("browser") == []


@pytest.mark.parametrize("key", ["\ue007", " "], ids=["enter", "space"])
def test_the_keyboard_does_what_the_pointer_does(desk, files, key):
    desk.open(files["article"])
    while desk.run("return document.activeElement.textContent") != NORLAND:
        desk.press("\ue004")  # Tab
        assert desk.run("return document.activeElement !== document.body"), "no such button"
    desk.press(key)
    assert desk.emphasised() == SENTENCES[NORLAND]
    assert desk.current() == "s3"
    desk.press("n")
    assert desk.current() == "s4"
    assert desk.said() == "Norland, accepts, unsure: sentence 2 of 2"
    assert desk.run("return document.activeElement.id") == "s4"
    desk.press("n")
    assert desk.current() == "s3"
    desk.press("p")
    assert desk.current() == "s4"
    desk.press("\ue00c")  # Escape
    assert desk.emphasised() == []
    assert desk.current() is None
    assert desk.plain_looking() == []
    assert desk.said() == "All actors: 10 sentences marked"
    assert desk.run("return document.querySelector('[aria-pressed=true]')") is None


def test_buttons_step_through_all_sentences_and_keys_can_be_switched_off(desk, files):
    desk.open(files["article"])
    seen = []
    for _ in range(10):
        desk.click("Next")
        seen.append(desk.current())
    assert seen == ["s9", *(f"s{i}" for i in range(9))]
    desk.click("Previous")
    assert desk.current() == "s7"
    desk.driver.find_element("id", "keys").click()
    desk.press("n")
    assert desk.current() == "s7"
    desk.click("Clear")
    assert desk.current() is None


def test_notes_and_sentences_lead_to_each_other(desk, files):
    desk.open(files["article"])
    link = desk.driver.find_element("css selector", "#r6")
    link.send_keys("\ue007")
    assert desk.run("return location.hash") == "#n6"
    note = desk.driver.find_element("css selector", ":target")
    assert CLAIMS[5][3] in note.text
    note.find_element("link text", "to the sentence").click()
    assert desk.run("return document.querySelector(':target').closest('mark').id") == "s3"


def test_the_colours_follow_the_theme(reader, files, request):
    reader.open(files["article"])
    page, text = reader.run(
        "const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]"
    )
    dark = request.node.callspec.id.endswith("dark")
    assert (page == "rgb(255, 255, 255)") != dark
    assert (text == "rgb(28, 28, 26)") != dark


def test_the_table_turns_into_cards_where_it_is_narrow(reader, files, request):
    reader.open(files["article"])
    shown = reader.run("return getComputedStyle(document.querySelector('.cards td')).display")
    assert shown == ("table-cell" if request.node.callspec.id.startswith("desk") else "grid")


FRAMED = (
    "return [...document.querySelectorAll('mark')].filter(m => getComputedStyle(m)"
    ".borderTopStyle === 'dashed' && getComputedStyle(m).borderTopColor !== 'rgba(0, 0, 0, 0)')"
    ".map(m => m.id)"
)


def test_a_frame_tells_what_is_unsure_of_the_actor_that_is_chosen(reader, files):
    reader.open(files["article"])
    assert reader.run(FRAMED) == ["s4", "s8"]
    reader.click(FRONT)
    # Of the headline the Front's part alone is unsure, and what the mediator says is not its own.
    assert reader.run(FRAMED) == ["s9", "s8"]
    reader.click("Clear")
    assert reader.run(FRAMED) == ["s4", "s8"]


def test_the_summary_opens_and_is_selected_with_one_click(desk, files, pictures):
    desk.open(files["article"])
    lead = desk.driver.find_element("css selector", "#summary summary")
    desk.run("arguments[0].scrollIntoView({block: 'center'})", lead)
    lead.click()
    desk.driver.find_element("tag name", "pre").click()
    chosen = desk.run("return getSelection().toString()")
    assert chosen.startswith("Arvénie agrees to 30-day truce & rebels")
    assert chosen.rstrip().endswith("– The United Towns urged both sides to silence their guns.")
    picture(desk, pictures / "summary.png", whole=False)


def test_the_page_narrows_to_an_actor(reader, files, pictures, request):
    from selenium.webdriver.support.select import Select

    reader.open(files["timeline"])
    select = Select(reader.driver.find_element("id", "actor"))
    visible = (
        "return [...document.querySelectorAll('#positions [data-actor]')].filter(r => "
        "r.offsetHeight > 0).map(r => r.querySelector('strong').textContent)"
    )
    shown = (
        "return ['.grid .name', '#latest strong', '.changes h3', '.nothing'].map(q => "
        "[...document.querySelectorAll(q)].filter(e => e.offsetHeight > 0).length)"
    )
    assert len(reader.run(visible)) == 21
    assert reader.run(shown) == [4, 4, 3, 0]
    select.select_by_visible_text(FRONT)
    assert reader.run(visible) == [FRONT] * 7
    # One of the two changes is the Front's; the reports that differ are of another.
    assert reader.run(shown) == [1, 1, 1, 1]
    assert reader.said() == "7 of 21 positions: Kestrel Front"
    picture(reader, pictures / f"narrowed-{request.node.callspec.id}.png", whole=False)
    select.select_by_visible_text(TOWNS)
    reader.press("\ue00c")
    assert len(reader.run(visible)) == 21
    # A mark leads to its row.
    mark = reader.driver.find_element("css selector", "a.mark[aria-label^='Norland']")
    mark.send_keys("\ue007")
    row = reader.driver.find_element("css selector", "tr:target")
    assert row.text.startswith(NORLAND)
    assert reader.driver.get_log("browser") == []


def test_labels_of_the_axis_do_not_cover_each_other(reader, files):
    reader.open(files["days"])
    boxes = reader.run(
        "return [...document.querySelectorAll('text.label')].map(t => { const r = "
        "t.getBoundingClientRect(); return [r.left, r.right]; })"
    )
    assert len(boxes) > 2
    assert all(right < left for (_, right), (left, _) in pairwise(boxes))


def test_marks_of_the_grid_do_not_cover_each_other_on_a_desk(desk, files):
    desk.open(files["timeline"])
    boxes = desk.run(
        "return [...document.querySelectorAll('a.mark use')].map(u => { const r = "
        "u.getBoundingClientRect(); return [r.left, r.right, r.top, r.bottom]; })"
    )
    assert len(boxes) == 19
    for i, (left, right, top, bottom) in enumerate(boxes):
        assert left >= 0
        assert right <= 1280
        for other in boxes[i + 1 :]:
            apart = left >= other[1] or other[0] >= right or top >= other[3] or other[2] >= bottom
            assert apart


def test_the_pages_can_be_read_without_their_script(driver, files):
    reader = Reader(driver, "desk", "light")
    reader.do("Emulation.setScriptExecutionDisabled", value=True)
    try:
        for name, hidden in (("article", "bar"), ("timeline", "choice")):
            reader.open(files[name])
            assert not driver.find_element("id", hidden).is_displayed()
            assert driver.find_element("tag name", "table").is_displayed()
            assert driver.find_element("tag name", "footer").is_displayed()
    finally:
        reader.do("Emulation.setScriptExecutionDisabled", value=False)


def test_chromium_is_found_where_it_is_required():
    if os.environ.get("CEASEFIRE_BROWSER") == "required":
        assert missing_parts() == []
        assert shutil.which(CHROMIUM)
