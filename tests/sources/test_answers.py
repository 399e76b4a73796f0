"""Answers of X, Facebook and WordPress to records, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.sources.documents import split_document
from tasks.sources.facebook.records import FACEBOOK_GRAPH
from tasks.sources.file_format import FileFormat
from tasks.sources.wordpress.records import WORDPRESS_REST, site_key
from tasks.sources.x.records import X_API

FORMATS = (X_API, FACEBOOK_GRAPH, WORDPRESS_REST)
NAMES = [
    "request",
    "answer",
    "headers",
    "path",
    "params",
    "root",
    "observed_at",
    "data",
    "includes",
    "tweets",
    "users",
    "errors",
    "meta",
    "id",
    "text",
    "username",
    "referenced_tweets",
    "type",
    "comments",
    "reactions",
    "summary",
    "parent",
    "message",
    "category",
    "post",
    "content",
    "title",
    "slug",
    "name",
    "link",
    "_links",
    "self",
    "href",
    "_embedded",
    "author",
    "resource_id",
    "x-wp-total",
    "values",
    "period",
    "_request",
    "kind",
]
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [
            "",
            "1",
            "9_1",
            "retweeted",
            "quoted",
            "/2/tweets/1/liking_users",
            "http://[::1",
        ]
    )
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=25,
)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_any_document_splits_and_stays_split(form: FileFormat, value: Any) -> None:
    """Nothing raises; a record that is split again stays what it is."""
    records = split_document(json.dumps(value), form.split)
    for record in records:
        parsed = json.loads(record)
        if isinstance(parsed, dict) and "_request" in parsed:
            assert split_document(record, form.split) == [record]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_an_error_is_no_record(form: FileFormat) -> None:
    """Answers that refuse are of unknown kind: they go to quarantine."""
    refusals = [
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        {"title": "Unauthorized", "status": 401, "type": "about:blank"},
        {"error": {"message": "Invalid", "type": "OAuthException", "code": 190}},
        {"code": "rest_post_invalid_page_number", "data": {"status": 400}},
        "<html>",
        None,
    ]
    for refusal in refusals:
        for record in split_document(json.dumps(refusal), form.split):
            assert _kind(form, record) is None, record


def _kind(form: FileFormat, record: str) -> str | None:
    paths = ", ".join(f"'{path}'" for path in form.paths)
    rows = duckdb.execute(
        f"select {form.kind_sql} from"
        f" (select json_extract_string($record, [{paths}]) as parts)",
        {"record": record},
    ).fetchall()
    found: str | None = rows[0][0]
    return found


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://Tea.Example/2026/03/post/", "tea_example"),
        ("https://tea.example:8443/?p=1", "tea_example"),
        ("https://tea.example/wp-json/wp/v2/posts/1", "tea_example"),
        ("https://tea.example/blog/wp-json/wp/v2/posts/1", "tea_example_blog"),
        ("/wp-json/wp/v2/posts", None),
        ("http://[::1", None),
    ],
)
def test_sites_keep_their_ids_apart(address: str, key: str | None) -> None:
    assert site_key(address) == key
