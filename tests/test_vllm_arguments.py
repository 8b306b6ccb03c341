"""Arguments as vLLM's parser reads them."""

import pytest

from constructs_lib.vllm_arguments import Argument, arguments, split_arguments, weights_format


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["--max_num_seqs=8"], [Argument(0, "--max-num-seqs", "", "8")]),
        (["--tokenizer", "a_b/c"], [Argument(0, "--tokenizer", "", "a_b/c")]),
        (["--tokenizer a/b"], [Argument(0, "--tokenizer", "", "a/b")]),
        (["--enforce-eager", "-tp", "4"], [Argument(0, "--enforce-eager", "", ""), Argument(1, "-tp", "", "4")]),
        (["--speculative_config.model=a/b"], [Argument(0, "--speculative-config", "model", "a/b")]),
        (['--speculative-config={"a": "b=c"}'], [Argument(0, "--speculative-config", "", '{"a": "b=c"}')]),
        (["=x", " ", "", "-1"], []),
    ],
)
def test_each_form_of_an_argument(texts: list[str], found: list[Argument]) -> None:
    """Underscores and dashes alike, a value behind `=` or in the next text, a key behind a dot."""
    assert list(arguments(texts)) == found


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("--max-num-seqs 64 -tp=2", ["--max-num-seqs", "64", "-tp=2"]),
        ("--a 'b c' --d=\"e f\"", ["--a", "b c", "--d=e f"]),
        ("""--a '{"b": 1}' --c={"d": {"e": 2}, "f": 3} -g""", ["--a", '{"b": 1}', '--c={"d": {"e": 2}, "f": 3}', "-g"]),
        ("--a, --b 'c", ["--a", "--b", "'c"]),
    ],
)
def test_a_command_line_is_parted_at_its_blanks(line: str, parts: list[str]) -> None:
    """Not at those in quotes and in a map."""
    assert split_arguments(line) == parts


@pytest.mark.parametrize(
    ("flag", "known"),
    [("--tokenizer", "--tokenizer"), ("--tok", "--tokenizer"), ("--t", None), ("--to", None), ("--tokenizers", None)],
)
def test_an_abbreviation_is_what_it_is_short_for(flag: str, known: str | None) -> None:
    """As argparse has it."""
    assert Argument(0, flag, "", "").named(("--tokenizer", "--model")) == known


def test_a_flag_of_its_own_is_no_abbreviation() -> None:
    """`--reasoning-parser` names a parser, `--reasoning-parser-plugin` a file."""
    assert Argument(0, "--reasoning-parser", "", "qwen3").named(("--reasoning-parser-plugin",)) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], "auto"),
        (["--load-format=auto"], "auto"),
        (["--load_format", "mistral"], "mistral"),
        (["--config-format=mistral"], "mistral"),
        (["--load-format=safetensors"], "hf"),
        (["--config-format=hf"], "hf"),
        (["--load-format=runai_streamer"], "auto"),
    ],
)
def test_the_format_of_the_weights_follows_the_arguments(texts: list[str], expected: str) -> None:
    """What vLLM is told to read is what is downloaded."""
    assert weights_format(texts) == expected
