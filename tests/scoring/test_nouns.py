"""The table of nouns: that it is what the data makes, and how well keywords are found with it."""

import os
from pathlib import Path

import pytest

from bemore.scoring.text import nouns
from bemore.scoring.text.keywords import extract_keywords
from tools import train_nouns

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "text" / "noun-words.tsv.xz"


@pytest.mark.skipif("BEMORE_TEST_LONG" not in os.environ, reason="takes eight seconds; the table only changes when it is trained anew")
@pytest.mark.skipif(not DATA.exists(), reason="the words to train on are not in the repository")
def test_training_makes_the_table_of_the_package():
    assert train_nouns.train(train_nouns.load(DATA)) == train_nouns.TABLE.read_bytes()


def test_the_table_knows_the_words_that_were_added_by_hand():
    rows = list(train_nouns.own_words())
    wrong = [row.word for row in rows if nouns.noun_length(row.word) != row.length]
    assert len(wrong) < len(rows) / 200, wrong


def _precision_and_recall(sentences):
    right = found = expected = 0
    for required, allowed, text in sentences:
        keywords = set(extract_keywords(text)) - set(allowed.split())
        right += len(keywords & set(required.split()))
        found += len(keywords)
        expected += len(required.split())
    return right / found, right / expected


@pytest.mark.parametrize("held_out", [False, True], ids=["developed on", "held out"])
def test_keywords_of_counseling_sentences(held_out):
    """Each line has the keywords, words that may be keywords or not, and the sentence. A third by a hash was never developed on."""
    lines = Path(__file__).with_name("keyword_sentences.tsv").read_text("utf-8").splitlines()
    sentences = [line.split("\t") for line in lines]
    precision, recall = _precision_and_recall([each for each in sentences if train_nouns.held_out(each[2], 3) == held_out])
    assert precision >= 0.9 and recall >= 0.9
