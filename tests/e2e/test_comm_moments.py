"""Moments of a notebook and the limits on outputs, as they are asked for over forkernel.history."""

import time

import pytest
from comm_page import Page


@pytest.fixture
def page(kernel):
    return Page(kernel)


def now_us():
    return int(time.time() * 1e6)


def edit(cell, text, cause, when):
    return {"kind": "text", "cell": cell, "type": "code", "cause": cause, "text": text, "time": when}


def test_a_mass_change_can_be_gone_back_before(page):
    started = now_us()
    page.edits(*[edit(cell, "int old;", "typing", started - 60_000_000 + i * 2_000_000) for i, cell in enumerate("abc")])
    page.edits(*[edit(cell, "int replaced;", "program", started - 1_000_000) for cell in "abc"])
    moments = page.fine("moments")["moments"]
    (change,) = [one for one in moments if one["kind"] == "change"]
    assert change["about"] == 3 and change["time"] < started - 1_000_000
    then = page.fine("notebook", time=change["time"])["cells"]
    assert [cell["text"] for cell in then] == ["int old;"] * 3
    assert [one["time"] for one in moments] == sorted(one["time"] for one in moments)
    assert any(one["kind"] == "session" for one in moments)


def test_what_happened_between_moments_is_counted(page, kernel):
    page.type("a", "1")
    page.type("b", "2")
    kernel.run("1", cell="a")
    page.fine("moment", kind="clear-outputs", time=now_us())
    moments = page.fine("moments")["moments"]
    assert moments[-1]["kind"] == "clear-outputs"
    assert sum(one["cells"] for one in moments) >= 2 and sum(one["runs"] for one in moments) == 1


def test_a_moment_is_told_once_and_only_of_its_kinds(page):
    when = now_us() - 1000
    for _ in range(2):
        page.fine("moment", kind="restore", time=when, about=when - 5_000_000)
    assert [one for one in page.fine("moments")["moments"] if one["kind"] == "restore"] == [
        {"kind": "restore", "time": when, "about": when - 5_000_000, "cells": 0, "runs": 0}
    ]
    for wrong in ({"kind": "saved"}, {"kind": "change"}, {}, {"kind": 5}):
        answer = page.request("moment", **wrong)
        assert answer["status"] == "error" and "kind" in answer["error"]


def test_limits_are_read_and_set(page):
    named = {one["name"]: one for one in page.fine("settings")["settings"]}
    assert named["text_limit"]["in_force"] == named["text_limit"]["standard"] and named["text_limit"]["all"] == 0
    answer = page.fine("set", name="text_limit", value=4096)
    assert {one["name"]: one for one in answer["settings"]}["text_limit"]["all"] == 4096
    page.fine("set", name="text_limit", value=2048, notebook=True)
    here = {one["name"]: one for one in page.fine("settings")["settings"]}["text_limit"]
    assert (here["in_force"], here["notebook"], here["all"]) == (2048, 2048, 4096)
    page.fine("set", name="text_limit", value=0, notebook=True)
    page.fine("set", name="text_limit", value=0)
    assert {one["name"]: one for one in page.fine("settings")["settings"]}["text_limit"]["all"] == 0
    for wrong in ({"name": "text_limit", "value": 5}, {"name": "no", "value": 5000}, {"name": "text_limit"}):
        assert page.request("set", **wrong)["status"] == "error"
