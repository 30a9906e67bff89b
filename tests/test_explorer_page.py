"""The explorer in a browser: its numbers are on the page, by keyboard, mouse and touch, on a phone, without a network."""

import re

import pytest
from browser import chromium, requests_of
from explorer_page import explorer_in, open_explorer
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By

import keraslosses

pytestmark = pytest.mark.deep

PHONE = 390
PARTS = ("#part=curves", "#part=boxes", "#part=angles")
# The longest names, and cards with many options.
WIDE = "#loss=SparseCategoricalFocalCrossentropy&loss=CategoricalGeneralizedCrossEntropy&axis=class_logit"


class Explorer:
    """The page as a reader uses it."""

    def __init__(self, browser, address):
        self.browser, self.address = browser, address

    def open(self, link=""):
        open_explorer(self.browser, self.address + link)

    def link(self):
        return self.browser.execute_script("return location.hash")

    def all(self, selector):
        return [
            element
            for element in self.browser.find_elements(By.CSS_SELECTOR, selector)
            if element.is_displayed()
        ]

    def texts(self, selector):
        return [element.text for element in self.all(selector)]

    def cards(self):
        """The name, loss and gradient of each card."""
        found = [re.findall(r"(?:loss|gradient) (\S+)", text) for text in self.texts(".card .numbers")]
        names = self.texts(".card strong")
        return [(name, *map(float, numbers)) for name, numbers in zip(names, found, strict=True)]

    def boxes(self):
        """The numbers of the true box and of the predicted box."""
        numbers = [float(field.get_property("value")) for field in self.all(".fields input")]
        return numbers[:4], numbers[4:]

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def tab_to(self, selector):
        """Press Tab until an element of the selector has the keyboard."""
        for _ in range(60):
            self.press(Keys.TAB)
            if self.browser.execute_script("return document.activeElement.matches(arguments[0])", selector):
                return
        raise AssertionError(f"Tab never comes to {selector}")


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer")
    with chromium(folder / "profile") as browser:
        yield Explorer(browser, explorer_in(folder))


@pytest.mark.parametrize("part", PARTS)
def test_the_page_asks_nobody_and_nothing_fails(explorer, part):
    explorer.browser.get("about:blank")
    requests_of(explorer.browser)
    explorer.open(part)
    folder = explorer.address.rpartition("/")[0]
    requests = [url for url in requests_of(explorer.browser) if url != "about:blank"]
    assert len(requests) > 5 and all(url.startswith(folder) for url in requests)
    assert explorer.browser.get_log("browser") == []


def test_a_card_says_the_numbers_of_the_package(explorer):
    explorer.open("#loss=Huber,delta:0.5&loss=MeanPowerError,power:3&x=1.25")
    (huber, power) = explorer.cards()
    expected = float(keraslosses.Huber(delta=0.5)([[0.0]], [[1.25]]))
    assert huber == ("Huber", pytest.approx(expected, rel=1e-6), 0.5)
    assert power == ("MeanPowerError", pytest.approx(1.25**3, rel=1e-6), pytest.approx(3 * 1.25**2, rel=1e-6))


def test_rows_of_boxes_say_the_numbers_of_the_package(explorer):
    explorer.open("#loss=GIoU&loss=IoU,mode:log&true=0,0,2,4&pred=1,1,4,3")
    expected = [
        float(loss([[0.0, 0.0, 2.0, 4.0]], [[1.0, 1.0, 4.0, 3.0]]))
        for loss in (keraslosses.IoU(mode="log"), keraslosses.GIoU(), keraslosses.DIoU(), keraslosses.CIoU())
    ]
    assert list(map(float, explorer.texts(".row output"))) == pytest.approx(expected, rel=1e-6)
    assert explorer.all(".row input:checked")[0].find_element(By.XPATH, "..").text.startswith("GIoU")


def test_keys_move_a_slider(explorer):
    explorer.open("#loss=Huber")
    explorer.tab_to(".card input[type=range]")
    explorer.press(Keys.ARROW_LEFT * 3)
    assert explorer.texts(".card .control output") == ["0.85"]
    assert "loss=Huber,delta:0.85" in explorer.link()


def test_keys_choose_the_inputs_and_a_loss(explorer):
    explorer.open()
    explorer.tab_to(".choices select")
    explorer.press(Keys.ARROW_DOWN)
    assert [name for name, *_ in explorer.cards()] == ["MeanSquaredLogarithmicError", "Poisson"]
    explorer.tab_to(".add")
    explorer.press(Keys.ENTER)
    assert explorer.cards()[-1][0] == "MeanAbsolutePercentageError"
    explorer.tab_to(".card button")
    explorer.press(Keys.ENTER)
    assert [name for name, *_ in explorer.cards()] == ["Poisson", "MeanAbsolutePercentageError"]


def test_keys_change_the_part_and_move_a_box(explorer):
    explorer.open("#pred=4,2,6,4&true=1,1,3,3&part=boxes")
    explorer.tab_to("[role=tab]")
    explorer.press(Keys.ARROW_LEFT)
    assert explorer.link().startswith("#part=curves")
    explorer.press(Keys.ARROW_RIGHT)
    explorer.tab_to(".box.pred")
    explorer.press(Keys.ARROW_RIGHT * 2, Keys.ARROW_UP)
    assert explorer.boxes()[1] == [4.2, 1.9, 6.2, 3.9]
    ActionChains(explorer.browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_DOWN * 3).key_up(
        Keys.SHIFT
    ).perform()
    assert explorer.boxes() == ([1, 1, 3, 3], [4.2, 1.9, 6.2, 4.2])
    assert "pred=4.2,1.9,6.2,4.2" in explorer.link()


def test_a_box_stays_in_the_picture_and_keeps_its_size(explorer):
    explorer.open("#part=boxes&true=1,1,3,3&pred=9,5,9.9,5.9")
    explorer.tab_to(".box.pred")
    explorer.press(Keys.ARROW_RIGHT * 4, Keys.ARROW_DOWN * 4)
    assert explorer.boxes()[1] == pytest.approx([9.1, 5.1, 10, 6])


@pytest.mark.parametrize("kind", ["mouse", POINTER_TOUCH])
def test_a_box_and_its_corner_are_dragged(explorer, kind):
    explorer.open("#part=boxes&true=1,1,3,3&pred=5,2,8,4")
    unit = explorer.all(".stage")[0].rect["width"] / 10
    drag(explorer, kind, explorer.all(".box.pred .area")[0], unit, unit / 2)
    assert explorer.boxes()[1] == pytest.approx([6, 2.5, 9, 4.5], abs=0.11)
    corner = explorer.all(".box.pred .handle")[3]
    before = explorer.boxes()[1]
    drag(explorer, kind, corner, -unit, unit)
    assert explorer.boxes()[1] == pytest.approx([*before[:2], before[2] - 1, before[3] + 1], abs=0.11)
    assert explorer.boxes()[0] == [1, 1, 3, 3]


def test_the_point_is_dragged_in_a_picture(explorer):
    explorer.open("#loss=MeanSquaredError&x=-2")
    picture = explorer.all("figure > svg")[0]
    drag(explorer, "mouse", picture, picture.rect["width"] / 8, 0)
    (_, value, gradient) = explorer.cards()[0]
    (x,) = map(float, explorer.texts(".point output"))
    assert x > 0.2 and (value, gradient) == pytest.approx((x * x, 2 * x))


def drag(explorer, kind, element, right, down):
    """Drag the middle of an element."""
    explorer.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    action = ActionBuilder(explorer.browser, mouse=PointerInput(kind, kind))
    action.pointer_action.move_to(element).pointer_down().move_by(round(right), round(down)).pointer_up()
    action.perform()


def test_a_step_downhill_lowers_the_loss(explorer):
    explorer.open("#loss=DIoU&true=1,1,3,3&pred=6,3,8,5")
    losses = []
    for _ in range(5):
        losses.append(float(explorer.texts(".row output")[2]))
        explorer.all(".side button")[0].click()
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] - 0.2


def test_a_loss_without_a_gradient_says_so(explorer):
    explorer.open("#loss=IoU&true=1,1,3,3&pred=6,3,8,5")
    assert "IoU does not move the predicted box" in explorer.texts(".gradient")[0]
    assert explorer.all(".arrows line") == []
    assert not explorer.all(".side button")[0].is_enabled()


@pytest.mark.parametrize(
    "link",
    [
        "#loss=Huber,delta:0.3&loss=Huber&x=-1.5",
        "#loss=BinaryFocalCrossentropy,gamma:0.5,apply_class_balancing:true&axis=binary_probability&target=0",
        "#loss=ArcFace,margin:0.3,easy_margin:true&loss=Softmax&x=80",
        "#loss=CIoU,alpha_gate:0.5&loss=IoU,mode:squared&pred=1,1,3,3",
        "#axis=distribution&target=0.8",
    ],
)
def test_a_link_shows_the_same_again(explorer, link):
    explorer.open(link)
    before = explorer.texts(".numbers"), explorer.texts(".control"), explorer.texts("figcaption")
    explorer.all("[role=tab][aria-selected=true]")[0].click()  # The page writes its own link.
    kept = explorer.link()
    assert kept.startswith("#part=")
    explorer.open(kept)
    assert (explorer.texts(".numbers"), explorer.texts(".control"), explorer.texts("figcaption")) == before
    assert all(part in kept for part in link[1:].split("&"))


def test_a_link_with_errors_shows_what_it_can(explorer):
    explorer.open("#loss=Nothing&loss=toString&axis=none&target=4&x=abc&loss=Huber,delta:99,foo:1,delta")
    assert explorer.cards() == [("Huber", 0.125, 0.5)]
    assert explorer.texts(".card .control output") == ["3"]
    explorer.open("#part=boxes&pred=1,2&true=4,4,2,2&loss=IoU,mode:cube,constructor:1")
    assert explorer.boxes() == ([4, 4, 4, 4], [5, 2.5, 9, 5])
    assert explorer.browser.get_log("browser") == []


def test_a_link_on_the_page_is_followed(explorer):
    explorer.open("#loss=Huber")
    explorer.browser.execute_script("location.hash = '#loss=LogCosh'")
    assert [name for name, *_ in explorer.cards()] == ["LogCosh"]


def test_six_lines_are_enough(explorer):
    explorer.open("&".join(["#loss=Huber", *["loss=Huber"] * 8]))
    assert len(explorer.cards()) == 6
    assert not explorer.all(".add")[0].is_enabled()


@pytest.mark.parametrize("link", [*PARTS, WIDE])
def test_nothing_is_wider_than_a_phone(explorer, link):
    metrics = {"width": PHONE, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    explorer.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        explorer.open(link)
        width = "return [innerWidth, document.documentElement.scrollWidth]"
        assert explorer.browser.execute_script(width) == [PHONE, PHONE]
        ends = "return [...document.querySelectorAll('#loss-explorer *')].map((e) => e.getBoundingClientRect().right)"
        assert max(explorer.browser.execute_script(ends)) <= PHONE
    finally:
        explorer.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
