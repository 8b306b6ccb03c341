"""Text that is not YAML: the line where the mistake begins, what it is, and the fix."""

from __future__ import annotations

import re
from re import fullmatch

import yaml

from constructs_lib.specs.limits import masked
from platform_config.errors import Problem, shown
from platform_config.reading.lookalikes import explain_lookalikes, find_lookalikes

QUOTE = "put the text in quotes"
NEAR = "look at quotes, brackets and indentation here and in the line above"
CONFLICT = r"(<{7}|={7}|>{7}|\|{7})( .*)?"


def explain_syntax_error(error: yaml.YAMLError, text: str) -> Problem:
    """Return the mistake in *text* that made the parser raise *error*."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        odd = ord(text[error.position])
        fix = "save the file as UTF-8, not UTF-16" if not odd and text.count("\0") > len(text) // 4 else "remove it"
        return Problem(f"line {line}", f"must be text, got the character 0x{odd:02x}", fix)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem("", "must be YAML, got something else", NEAR)
    found = _Lines(text).cause(error, error.problem_mark)
    return Problem(found.path, found.message, masked(found.fix))


class _Lines:
    """The lines of a file in which the parser found an error. Each method looks for one kind of mistake."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    def cause(self, error: yaml.MarkedYAMLError, mark: yaml.Mark) -> Problem:
        """Return the first mistake that explains *error*: the surest come first."""
        what, context = error.problem or "", error.context or ""
        began = error.context_mark.line if error.context_mark else mark.line
        return (
            self._conflict()
            or self._tab(mark, what)
            or self._lookalike(began, mark.line)
            or self._open(error, what, context)
            or self._document(mark, context, what)
            or self._sign(mark, what, context)
            or self._escape(mark, what)
            or self._key(mark, what, began)
            or Problem(self._at(mark.line), f"must be YAML, got something else {self._near(mark)}", NEAR)
        )

    def _conflict(self) -> Problem | None:
        """Find a merge conflict of git."""
        for number, line in enumerate(self._lines):
            if fullmatch(CONFLICT, line):
                return Problem(self._at(number), "must hold no merge conflict, got one", "keep one of the two sides")
        return None

    def _tab(self, mark: yaml.Mark, what: str) -> Problem | None:
        """Find a tab in place of spaces."""
        if r"'\t'" not in what:
            return None
        before, after = self._line(mark.line)[: mark.column], self._line(mark.line)[mark.column :]
        if before.strip():
            fix = "remove it" if not after.strip() else "write a space in its place"
            return Problem(self._at(mark.line), f"must hold no tab, got one after {shown(before.strip())}", fix)
        rows = [str(number) for number, row in enumerate(self._lines, 1) if fullmatch(r"\s*\t.*", row)]
        given = f"tabs on lines {', '.join(rows[:9])}" if len(rows) > 1 else "a tab"
        return Problem(
            self._at(mark.line), f"must be indented with spaces, got {given}", "write two spaces for each tab"
        )

    def _lookalike(self, *numbers: int) -> Problem | None:
        """Find a character that only looks like a plain one, in these lines or in the line above them."""
        above = self._above(min(numbers))
        for number in [*([] if above is None else [above]), *range(min(numbers), max(numbers) + 1)]:
            line = self._line(number).partition(" #")[0].strip()
            if find_lookalikes(self._line(number).partition(" #")[0]) and not line.startswith("#"):
                return Problem(
                    self._at(number), *explain_lookalikes(self._line(number).partition(" #")[0].rstrip("\r"))
                )
        return None

    def _open(self, error: yaml.MarkedYAMLError, what: str, context: str) -> Problem | None:
        """Find a bracket or a quote that is not closed, at the line that opens it."""
        if error.context_mark is None:
            return None
        began, opened = error.context_mark.line, self._line(error.context_mark.line)[error.context_mark.column :]
        if "flow" in context and not opened and "<stream end>" in what:  # The bracket is the end of the text.
            began = self._above(len(self._lines)) or 0
            opened = self._line(began)[max(map(self._line(began).rfind, "[{")) :]
        if "flow" in context and opened[:1] in ("[", "{"):
            close = "]" if opened[0] == "[" else "}"
            fix = f"write '{close}' at its end, and a comma between its parts"
            return Problem(self._at(began), f"must close '{opened[0]}' with '{close}', got {shown(opened)}", fix)
        if "quoted scalar" in context and "escape" not in what:
            return Problem(
                self._at(began), f"must close its quote, got {shown(opened)}", f"write {opened[0]} at its end"
            )
        return None

    def _document(self, mark: yaml.Mark, context: str, what: str) -> Problem | None:
        """Find a second document or a directive."""
        if context == "expected a single document in the stream":
            problem = "must not begin a second document, got '---'"
            return Problem(self._at(mark.line), problem, "one file holds one platform")
        if "<document start>" in what or "directive" in context:
            for number, line in enumerate(self._lines):
                if line.startswith("%"):
                    return Problem(self._at(number), f"must not begin with '%', got {shown(line)}", "remove the line")
        return None

    def _sign(self, mark: yaml.Mark, what: str, context: str) -> Problem | None:
        """Find text that begins with a character that means something in YAML."""
        line = self._line(mark.line)
        if "undefined alias" in what:
            name = re.split(r"[\s,\]}]", line[mark.column :])[0]
            fix = f"write &{name[1:]} above, such as below a key that begins with x-, or put the text in quotes"
            return Problem(self._at(mark.line), f"must name an anchor that stands above, got {shown(name)}", fix)
        if "duplicate anchor" in context:
            return Problem(self._at(mark.line), "must name each anchor once, got one twice", "give it another name")
        start = mark.column
        if "alias" in context or "anchor" in context or "block scalar" in context or "tag" in context:
            start = line.rfind(" ", 0, max(mark.column, 1)) + 1
        elif not ("cannot start any token" in what or "mapping keys are not allowed" in what):
            return None
        given = line[start:].rstrip("\r")
        return Problem(self._at(mark.line), f"text must not begin with '{given[:1]}', got {shown(given)}", QUOTE)

    def _escape(self, mark: yaml.Mark, what: str) -> Problem | None:
        """Find a backslash in double quotes."""
        if "escape" not in what:
            return None
        line = self._line(mark.line)
        given = line[line.rfind("\\", 0, mark.column + 1) :][:2]
        fix = r"write \\ for one backslash, or use single quotes"
        return Problem(self._at(mark.line), f"must hold no backslash in double quotes, got {shown(given)[:-1]}'", fix)

    def _key(self, mark: yaml.Mark, what: str, began: int) -> Problem | None:
        """Find a line that is not `key: value`, or that begins in the wrong column."""
        line = self._line(mark.line)
        if "sequence entries are not allowed" in what:
            fix = "begin a list in the line below its key"
            return Problem(self._at(mark.line), f"must be a key or a value, got {shown(line.strip())}", fix)
        inner = fullmatch(r"\s*[^\s:]+: +([^'\"\[{].*: .*|[^'\"\[{].*:)", line[: mark.column + 2].rstrip("\r"))
        if "mapping values" in what and inner:
            value = line.partition(": ")[2].strip()
            return Problem(self._at(mark.line), f"must hold one ': ', got {shown(line.strip())}", f"write '{value}'")
        if "could not find expected ':'" in what:
            return self._no_key(began)
        above = self._above(mark.line)
        if "<document start>" in what and above is not None:
            return self._no_key(above)
        if "mapping values" in what or "<block end>" in what:
            return (self._no_key(above) if above is not None else None) or self._indented(mark.line, above)
        return None

    def _no_key(self, number: int) -> Problem | None:
        """Return the problem of a line without a colon and a space: the parser fails in the line after it."""
        line = self._line(number).partition(" #")[0].strip()
        if re.search(r":(\s|$)", line) or line.startswith("- "):
            return None
        key = re.match(r"([\w-]+)\s*(?::|=|\s)\s*(.*)", line)
        fix = f"write {key[1]}: {key[2]}" if key and key[2].strip("{ ") else "write key: value"
        return Problem(self._at(number), f"must read 'key: value', got {shown(line)}", fix)

    def _indented(self, number: int, above: int | None) -> Problem:
        """Return the problem of a line that begins in a column where nothing above it begins."""
        here = _indent(self._line(number))
        there = 0 if above is None else _indent(self._line(above))
        if above is not None and here > there:
            fix = f"begin both in one column, or remove the value of line {above + 1}"
            message = f"must begin in the same column as line {above + 1}, got {here} spaces and {there}"
            return Problem(self._at(number), message, fix)
        columns = sorted({_indent(line) for line in self._lines[:number] if _is_content(line)})
        near = [column for column in columns if column != here]
        message = f"must begin in the column of its neighbours, got {here} spaces"
        fix = f"write {min(near, key=lambda column: (abs(column - here), -column))} spaces" if near else NEAR
        return Problem(self._at(number), message, fix)

    def _above(self, number: int) -> int | None:
        """Return the nearest line above that is neither empty nor a comment."""
        rows = range(min(number, len(self._lines)) - 1, -1, -1)
        return next((row for row in rows if _is_content(self._lines[row])), None)

    def _line(self, number: int) -> str:
        return self._lines[number] if number < len(self._lines) else ""

    def _near(self, mark: yaml.Mark) -> str:
        rest = self._line(mark.line)[mark.column :].strip()
        return f"at {shown(rest)}" if rest else "at the end of the line"

    @staticmethod
    def _at(number: int) -> str:
        return f"line {number + 1}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
