"""Several screenshots in one picture, small enough to be looked at in one go."""

from pathlib import Path

from PIL import Image

ROW_HEIGHT, GAP = 640, 16
# A phone and a desktop, in light and dark: one row for each language.
IN_ROW = 4
GROUND = "#8a8a8a"
# Which of them the documentation shows, side by side, and how much of each from its top.
DOCS = {
    "shop": (["catalog-desktop-light"], 960),
    "phone": (["item-phone-light", "cart-phone-light", "order-paid-phone-dark"], 844),
}


def sheet(shots: list[Path], path: Path) -> None:
    rows = [shots[start : start + IN_ROW] for start in range(0, len(shots), IN_ROW)]
    joined = [beside([small(Image.open(shot)) for shot in row]) for row in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    below(joined).save(path, optimize=True)


def small(picture: Image.Image) -> Image.Image:
    """What fits on a screen: of a page that is long and narrow, its beginning."""
    picture = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, round(picture.width * 2.6))))
    scale = min(ROW_HEIGHT / picture.height, 1, 480 / picture.width)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def beside(pictures: list[Image.Image]) -> Image.Image:
    width = sum(picture.width + GAP for picture in pictures) + GAP
    canvas = Image.new("RGB", (width, max(picture.height for picture in pictures) + 2 * GAP), GROUND)
    left = GAP
    for picture in pictures:
        canvas.paste(picture, (left, GAP))
        left += picture.width + GAP
    return canvas


def below(pictures: list[Image.Image]) -> Image.Image:
    canvas = Image.new(
        "RGB", (max(picture.width for picture in pictures), sum(picture.height for picture in pictures)), GROUND
    )
    top = 0
    for picture in pictures:
        canvas.paste(picture, (0, top))
        top += picture.height
    return canvas


def for_docs(folder: Path, docs: Path) -> None:
    """Those whose pages were taken."""
    for name, (shown, height) in DOCS.items():
        paths = [folder / f"{shot}.png" for shot in shown]
        if not all(path.is_file() for path in paths):
            continue
        pictures = [Image.open(path).convert("RGB") for path in paths]
        cut = [picture.crop((0, 0, picture.width, min(height, picture.height))) for picture in pictures]
        picture = cut[0] if len(cut) == 1 else beside(cut)
        picture.save(docs / f"{name}.png", optimize=True)
