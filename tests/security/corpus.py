"""Strings that would be markup if any page let them, and how to see whether one did."""

from html.parser import HTMLParser

MARK = "xssprobe"
HOSTILE = [
    f"<{MARK}>",
    f'"><{MARK} a="',
    f"'><{MARK} a='",
    f"</script><script>{MARK}()</script>",
    f"</textarea><{MARK}>",
    f"</title><{MARK}>",
    f"--><{MARK}>",
    f"<img src=x onerror={MARK}()>",
    f"<svg/onload={MARK}()>",
    f'" on{MARK}="1',
    f"' on{MARK}='1",
    f"javascript:{MARK}()",
    f"{{{{ {MARK} }}}}{{% now 'Y' %}}",
    f"&lt;{MARK}&gt;",
]
# Enough of each way out of a text, an attribute, a script, a comment, to stand in one field.
ALL_IN_ONE = f"\"'--></title></textarea></script><{MARK} on{MARK}=1><img src=x on{MARK}=1>"


class _Probe(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.became: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script"
        if tag == MARK:
            self.became.append(f"<{tag}>")
        for name, value in attrs:
            if MARK in name:
                self.became.append(f"{name}=")
            if name in {"href", "src", "action", "formaction", "data"} or name.startswith("hx-"):
                if (value or "").strip().lower().startswith("javascript:"):
                    self.became.append(f"{name}={value}")
                if name == "src" and value == "x":
                    self.became.append("src=x")

    def handle_data(self, data: str) -> None:
        if self.script and f"{MARK}()" in data:
            self.became.append("script")

    def handle_endtag(self, tag: str) -> None:
        self.script = False


def became_markup(page: str) -> list[str]:
    """What of the corpus a browser would take for markup in `page`: nothing, if all is well."""
    probe = _Probe()
    probe.feed(page)
    return probe.became
