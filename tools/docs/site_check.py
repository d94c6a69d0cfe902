"""A built site holds together: links of its own lead somewhere, and no page loads anything from elsewhere."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Attributes through which a browser fetches something, by tag. A link to be clicked on fetches nothing.
FETCHED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
#: Kinds of <link> that fetch nothing.
IDLE = {"canonical", "author", "license", "next", "prev", "index", "search", "contents", "top", "up"}
FROM_ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


class _Page(HTMLParser):
    """Targets, links and fetches of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.style = False
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag names, links to and fetches."""
        given = {name: value or "" for name, value in attrs}
        self.targets |= {given[name] for name in ("id", "name") if name in given}
        self.style = tag == "style"
        self.styles.append(given.get("style", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and not set(given.get("rel", "").split()) <= IDLE:
            self.fetched.append(given.get("href", ""))
        self.fetched += [given[name] for name in FETCHED.get(tag, ()) if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a style sheet."""
        self.style = False

    def handle_data(self, data: str) -> None:
        """Keep what a style sheet says."""
        if self.style:
            self.styles.append(data)


def _read(text: str) -> _Page:
    page = _Page()
    page.feed(text)
    page.close()
    return page


def check(site: Path) -> tuple[list[str], int, int]:
    """Check every page and style sheet of a built site.

    Returns
    -------
    problems : list of str
        One line each, empty where the site holds together.
    pages, links : int
        How many pages were read, and how many links of the site's own were followed.
    """
    pages = {path: _read(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    problems, followed = [], 0
    for path, page in pages.items():
        name = path.relative_to(site)
        problems += [f"{name}: loads {url}" for url in page.fetched if FROM_ELSEWHERE.match(url)]
        problems += [f"{name}: loads {url}" for text in page.styles for url in IN_STYLE.findall(text)]
        for url in page.links + page.fetched:
            parts = urlsplit(url)
            if parts.scheme or url.startswith("//"):
                continue
            followed += 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                problems.append(f"{name}: leads to {url}, which is not there")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].targets:
                problems.append(f"{name}: leads to {url}, a part that is not there")
    for path in sorted(site.rglob("*.css")):
        text = path.read_text(encoding="utf-8")
        problems += [f"{path.relative_to(site)}: loads {url}" for url in IN_STYLE.findall(text)]
    return problems, len(pages), followed
