"""Slips of the keyboard and of the clipboard: each with its exact message."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config_files import TEXT, problems, written

MISTAKES: dict[str, tuple[str, str, str]] = {
    "a tab after a value": (
        "number: 1",
        "number: 1\t",
        "line 8: must hold no tab, got one after 'number: 1'\n    fix: remove it",
    ),
    "a tab before a comment": (
        "number: 1",
        "number: 1\t# the first",
        "line 8: must hold no tab, got one after 'number: 1'\n    fix: write a space in its place",
    ),
    "a tab between two values": (
        "[us-east5-b]",
        "[us-east5-b,\tus-east5-c]",
        "line 10: must hold no tab, got one after 'zones: [us-east5-b,'\n    fix: write a space in its place",
    ),
    "a tab behind a colon": (
        "number: 1",
        "number:\t1",
        "line 8: must hold no tab, got one after 'number:'\n    fix: write a space in its place",
    ),
    "a tab at the start of a line": (
        "    number: 1",
        "\tnumber: 1",
        "line 8: must be indented with spaces, got a tab\n    fix: write two spaces for each tab",
    ),
    "a non-breaking space behind a colon": (
        "number: 1",
        "number:\xa01",
        "line 8: must hold plain characters, got no-break space (U+00A0) in 'number:\\xa01'\n"
        "    fix: write 'number: 1'",
    ),
    "a non-breaking space as indentation": (
        "    number: 1",
        "\xa0   number: 1",
        "line 8: must hold plain characters, got no-break space (U+00A0) in '\\xa0   number: 1'\n"
        "    fix: write 'number: 1'",
    ),
    "a non-breaking space behind a number": (
        "number: 1",
        "number: 1\xa0",
        "line 8: must hold plain characters, got no-break space (U+00A0) in '1\\xa0'\n    fix: write '1'",
    ),
    "a non-breaking space behind text": (
        "region: us-east5",
        "region: us-east5\xa0",
        "line 9: must hold plain characters, got no-break space (U+00A0) in 'us-east5\\xa0'\n    fix: write 'us-east5'",
    ),
    "a non-breaking space in an empty line": (
        "number: 1\n",
        "number: 1\n\xa0\n",
        "line 9: must hold plain characters, got no-break space (U+00A0) in '\\xa0'\n    fix: remove it",
    ),
    "a space of no width": (
        "region: us-east5",
        "region: \u200bus-east5",
        "line 9: must hold plain characters, got zero width space (U+200B) in '\\u200bus-east5'\n"
        "    fix: write 'us-east5'",
    ),
    "a byte order mark in the middle": (
        "    zones: [us",
        "    \ufeffzones: [us",
        "line 10: must hold plain characters, got zero width no-break space (U+FEFF) in '\\ufeffzones'\n"
        "    fix: write 'zones'",
    ),
    "quotes of a word processor": (
        "name: gemma",
        "name: \u201cgemma\u201d",
        "line 3: must hold plain characters, got left double quotation mark (U+201C) "
        "and right double quotation mark (U+201D) in '\u201cgemma\u201d'\n"
        "    fix: write 'gemma'",
    ),
    "single quotes of a word processor": (
        "number: 1",
        "number: \u20181\u2019",
        "line 8: must hold plain characters, got left single quotation mark (U+2018) "
        "and right single quotation mark (U+2019) in '\u20181\u2019'\n"
        "    fix: write '1'",
    ),
    "a dash of a word processor": (
        "region: us-east5",
        "region: us\u2013east5",
        "line 9: must hold plain characters, got en dash (U+2013) in 'us\u2013east5'\n    fix: write 'us-east5'",
    ),
    "a long dash in place of two hyphens": (
        "max_model_len: 32768",
        "extra_args: [\u2014seed=1]",
        "line 33: must hold plain characters, got em dash (U+2014) in '\u2014seed=1'\n    fix: write '--seed=1'",
    ),
    "a dash before a list item": (
        "zones: [us-east5-b]",
        "zones:\n      \u2014 us-east5-b",
        "line 11: must hold plain characters, got em dash (U+2014) in '\u2014 us-east5-b'\n"
        "    fix: write '- us-east5-b'",
    ),
    "a colon of another script": (
        "number: 1",
        "number\uff1a 1",
        "line 8: must hold plain characters, got fullwidth colon (U+FF1A) in 'number\uff1a 1'\n"
        "    fix: write 'number: 1'",
    ),
    "a colon without a space": (
        "number: 1",
        "number:1",
        "line 8: must read 'key: value', got 'number:1'\n    fix: write number: 1",
    ),
    "no colon": ("number: 1", "number 1", "line 8: must read 'key: value', got 'number 1'\n    fix: write number: 1"),
    "an equals sign": (
        "number: 1",
        "number = 1",
        "line 8: must read 'key: value', got 'number = 1'\n    fix: write number: 1",
    ),
    "a second colon": (
        "name: gemma",
        "name: gemma: 3",
        "line 3: must hold one ': ', got 'name: gemma: 3'\n    fix: write 'gemma: 3'",
    ),
    "a line that is indented too far": (
        "project: my",
        "  project: my",
        "line 4: must begin in the same column as line 3, got 2 spaces and 0\n"
        "    fix: begin both in one column, or remove the value of line 3",
    ),
    "a line that is indented too little": (
        "    region: us-east5",
        "   region: us-east5",
        "line 9: must begin in the column of its neighbours, got 3 spaces\n    fix: write 4 spaces",
    ),
    "siblings in two columns": (
        "  eu:\n    number",
        "  eu:\n   number",
        "line 14: must begin in the same column as line 13, got 4 spaces and 3\n"
        "    fix: begin both in one column, or remove the value of line 13",
    ),
    "a bracket that is not closed": (
        "[us-east5-b]",
        "[us-east5-b",
        "line 10: must close '[' with ']', got '[us-east5-b'\n"
        "    fix: write ']' at its end, and a comma between its parts",
    ),
    "a brace that is not closed": (
        "number: 1",
        "number: {1",
        "line 8: must close '{' with '}', got '{1'\n    fix: write '}' at its end, and a comma between its parts",
    ),
    "a quote that is not closed": (
        "region: us-east5",
        'region: "us-east5',
        "line 9: must close its quote, got '\"us-east5'\n    fix: write \" at its end",
    ),
    "text with an asterisk": (
        "name: gemma",
        "name: *",
        "line 3: text must not begin with '*', got '*'\n    fix: put the text in quotes",
    ),
    "text with an at sign": (
        "name: gemma",
        "name: @gemma",
        "line 3: text must not begin with '@', got '@gemma'\n    fix: put the text in quotes",
    ),
    "text with a percent sign": (
        "name: gemma",
        "name: %gemma",
        "line 3: text must not begin with '%', got '%gemma'\n    fix: put the text in quotes",
    ),
    "text with a backtick": (
        "name: gemma",
        "name: `gemma`",
        "line 3: text must not begin with '`', got '`gemma`'\n    fix: put the text in quotes",
    ),
    "text with an ampersand": (
        "name: gemma",
        "name: &gemma",
        "name: must be text, got nothing\n    fix: put text that begins with & in quotes",
    ),
    "text with an ampersand and a space": (
        "name: gemma",
        "name: & gemma",
        "line 3: text must not begin with '&', got '& gemma'\n    fix: put the text in quotes",
    ),
    "text with an exclamation mark": (
        "name: gemma",
        "name: !gemma",
        "line 3: must be plain YAML, got the tag '!gemma'\n"
        "    fix: remove it, or put text that begins with ! in quotes",
    ),
    "text with a hash": (
        "name: gemma",
        "name: #gemma",
        "name: must be text, got nothing\n    fix: put text that begins with # in quotes",
    ),
    "text with a bar": (
        "name: gemma",
        "name: |gemma",
        "line 3: text must not begin with '|', got '|gemma'\n    fix: put the text in quotes",
    ),
    "text with a greater-than sign": (
        "name: gemma",
        "name: >=1",
        "line 3: text must not begin with '>', got '>=1'\n    fix: put the text in quotes",
    ),
    "text with a question mark": (
        "name: gemma",
        "name: ? gemma",
        "line 3: text must not begin with '?', got '? gemma'\n    fix: put the text in quotes",
    ),
    "a backslash in double quotes": (
        "name: gemma",
        'name: "C:\\me"',
        "line 3: must hold no backslash in double quotes, got '\\m'\n"
        "    fix: write \\\\ for one backslash, or use single quotes",
    ),
    "a template": (
        "name: gemma",
        "name: {{ name }}",
        "line 3: a key must be text, got a list or map\n    fix: put quotes around it, or fill the template in first",
    ),
    "an anchor that is not there": (
        "topology: 2x2",
        "topology: *slice",
        "line 20: must name an anchor that stands above, got '*slice'\n"
        "    fix: write &slice above, such as below a key that begins with x-, or put the text in quotes",
    ),
    "an anchor twice": (
        "name: gemma\nproject: my",
        "x-a: &a 1\nx-b: &a 2\nname: gemma\nproject: my",
        "line 4: must name each anchor once, got one twice\n    fix: give it another name",
    ),
    "a merge conflict": (
        "name: gemma\n",
        "<<<<<<< HEAD\nname: gemma\n=======\nname: g\n>>>>>>> other\n",
        "line 3: must hold no merge conflict, got one\n    fix: keep one of the two sides",
    ),
    "a directive": (
        "# yaml-language",
        "%YAML\n# yaml-language",
        "line 1: must not begin with '%', got '%YAML'\n    fix: remove the line",
    ),
    "a key of a region as a number": (
        "  us:\n",
        "  1:\n",
        "line 7: a key must be text, got '1'\n    fix: write 'r-1'",
    ),
    "a key of a model as a number": (
        "  gemma:\n",
        "  123:\n",
        "line 26: a key must be text, got '123'\n    fix: write 'm-123'",
    ),
    "a key of a region as nothing": (
        "  us:\n",
        "  ~:\n",
        "line 7: a key must be text, got '~'\n    fix: begin it with a letter, or put quotes around it",
    ),
    "a region twice": (
        "  eu:\n    number: 2",
        "  us:\n    number: 1",
        "line 12: key 'us' must be given once, got it on line 7 too\n    fix: give one of the two another key",
    ),
}
"""Text of the example, what replaces it, and the expected problem."""


@pytest.mark.parametrize("name", MISTAKES)
def test_a_slip_is_reported_where_it_is(tmp_path: Path, name: str) -> None:
    """The line where it begins, its cause, and what to write, without the terms of the parser."""
    old, new, expected = MISTAKES[name]

    assert problems(written(tmp_path, TEXT.replace(old, new, 1))) == [expected]
