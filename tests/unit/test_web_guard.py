"""Numbers, names and times → what the guard of the server makes of them, without a server."""

from __future__ import annotations

import os
import stat
import sys
from http import HTTPStatus
from pathlib import Path

import pytest

from lookalike.errors import InputError
from lookalike.web.guard.access import Access, bearer
from lookalike.web.guard.clients import client_of, group_of, is_loopback
from lookalike.web.guard.door import TOKEN_FILE, Door, checked, made_token, token_in
from lookalike.web.guard.lanes import Lane, lane_of, lanes_of
from lookalike.web.guard.limits import Limits, Patience, limits
from lookalike.web.guard.pace import Doing, Pace
from lookalike.web.guard.rate import Buckets
from lookalike.web.guard.refusals import Refusal
from lookalike.web.guard.room import Room

TOKEN = "correct-horse-battery-staple-9"


# ---- rate


def test_a_bucket_gives_what_is_in_it_and_fills_again() -> None:
    buckets = Buckets(10, 2)
    assert [buckets.take("a", 4, now=0) for _ in range(2)] == [0, 0]
    assert buckets.take("a", 4, now=0) == 1  # 2 are left, and 2 come in a second
    assert buckets.take("a", 4, now=1) == 0
    assert buckets.wait("a", 10, now=100) == 0  # never more than it holds
    assert buckets.take("a", 11, now=100) == 0.5


def test_clients_have_a_bucket_each_and_the_quiet_are_forgotten() -> None:
    buckets = Buckets(1, 1)
    assert buckets.take("a", now=0) == 0
    assert buckets.take("b", now=0) == 0
    assert buckets.take("a", now=0) > 0
    for number in range(10_000):
        buckets.take(str(number), now=0)
    assert len(buckets) < 5000


# ---- lanes


@pytest.mark.parametrize(
    ("request_line", "lane"),
    [
        ("POST /api/search", "costly"),
        ("POST /api/search/ids", "costly"),
        ("GET /api/images/12/explanation", "costly"),
        ("GET /api/upgrade/compare", "costly"),
        ("GET /api/map/points", "costly"),
        ("POST /api/views", "costly"),
        ("GET /api/views", "others"),
        ("GET /api/search", "others"),
        ("GET /api/images/12/thumbnail", "pictures"),
        ("GET /api/images/12/preview", "previews"),
        ("GET /api/images/12/file", "originals"),
        ("POST /api/export", "exports"),
        ("GET /api/events", "listeners"),
        ("GET /", "others"),
        ("GET /healthz", "watchers"),
        ("HEAD /api/images/12/explanation", "costly"),
        ("POST ///api/search", "costly"),
        ("GET //api/search/../search", "others"),
    ],
)
def test_requests_have_lanes(request_line: str, lane: str) -> None:
    method, path = request_line.split()
    assert lane_of(method, path) == lane


def test_a_lane_says_when_it_has_a_place_again() -> None:
    lane: Lane[object] = Lane("costly", most_running=2, most_waiting=4)
    lane.running = 2
    lane.waiting.extend([object()] * 3)
    assert lane.full is False
    lane.waiting.append(object())
    assert [lane.full] == [True]
    assert lane.again == 1  # never less than a second
    for _ in range(50):
        lane.took(10)
    assert lane.again == pytest.approx(30, rel=0.01)
    assert lane.sentence == "As many searches wait as may: try again in a moment."


def test_what_is_told_of_the_limits_is_what_they_are() -> None:
    assert limits(None, None, None) == Limits()
    lanes: dict[str, Lane[object]] = lanes_of(limits(3, 5, 7), listeners=4, exports=2)
    assert (lanes["costly"].most_running, lanes["costly"].most_waiting) == (3, 5)
    assert {lane.name for lane in lanes.values()} == set(lanes)


# ---- pace


def test_connections_are_let_go_that_are_slow_at_something() -> None:
    patience = Patience(head=2, idle=3, window=4, slowest=10)
    pace = Pace(patience, now=0)
    assert not pace.overdue(Doing.HEAD, 0, now=1.9)
    assert pace.overdue(Doing.HEAD, 500, now=2.1)  # a byte now and then is no help
    assert not pace.overdue(Doing.WORKING, 500, now=3)
    assert not pace.overdue(Doing.WORKING, 500, now=1000)
    assert not pace.overdue(Doing.IDLE, 500, now=1001)
    assert pace.overdue(Doing.IDLE, 500, now=1005)


def test_bodies_and_answers_must_move() -> None:
    pace = Pace(Patience(window=4, slowest=10), now=0)
    for doing in (Doing.BODY, Doing.SENDING):
        assert not pace.overdue(doing, 0, now=0)
        assert not pace.overdue(doing, 0, now=3)
        assert not pace.overdue(doing, 41, now=4)
        assert not pace.overdue(doing, 41, now=7)
        assert pace.overdue(doing, 60, now=8.1)


def test_room_is_taken_and_given_back() -> None:
    room = Room(10)
    assert room.take(6)
    assert not room.take(5)
    room.give(6)
    assert room.take(10)
    assert room.taken == 10


# ---- who asks


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.7", None, "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),  # anybody can write that
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),  # the first is the client's word
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", None, "fe80::1"),
    ],
)
def test_only_a_proxy_that_is_named_is_believed(
    peer: str, forwarded: str | None, client: str
) -> None:
    assert client_of(peer, forwarded, {"10.0.0.1"}) == client


def test_networks_of_ipv6_are_one_client() -> None:
    assert group_of("2001:db8:1:2:aaaa::1") == group_of("2001:db8:1:2:bbbb::9")
    assert group_of("2001:db8:1:2::1") != group_of("2001:db8:1:3::1")
    assert group_of("192.0.2.1") == "192.0.2.1"
    assert group_of("") == ""


def test_loopback_is_this_machine() -> None:
    assert [is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")] == (
        [True] * 4
    )
    assert not any(map(is_loopback, ("192.168.0.1", "0.0.0.0", "::", "localhost", "")))


# ---- the token


def test_a_token_is_accepted_and_another_is_not() -> None:
    access = Access(TOKEN)
    assert access.accepts(TOKEN, "192.0.2.1")
    assert not access.accepts(TOKEN[:-1], "192.0.2.1")
    assert not access.accepts("", "192.0.2.1")
    assert not access.accepts("\udce9", "192.0.2.1")
    assert access.has_cookie(access.cookie)
    assert not access.has_cookie(TOKEN)
    assert not access.has_cookie(None)
    assert TOKEN not in access.cookie


def test_a_cookie_is_good_for_as_long_as_its_token() -> None:
    first, again, other = Access(TOKEN), Access(TOKEN), Access(TOKEN + "0")
    assert (first.cookie, first.cookie_name) == (again.cookie, again.cookie_name)
    assert first.cookie_name != other.cookie_name
    assert not other.has_cookie(first.cookie)


def test_wrong_tokens_are_slowed_down_for_each_client() -> None:
    access = Access(TOKEN)
    assert not any(access.accepts(f"wrong-{number}", "192.0.2.1") for number in range(20))
    assert 0 < access.wait("192.0.2.1") <= 6
    assert not access.accepts(TOKEN, "192.0.2.1")  # or guessing would not be slowed down
    assert access.accepts(TOKEN, "192.0.2.2")
    assert access.has_cookie(access.cookie)
    assert access.refused == 21


@pytest.mark.parametrize(
    ("authorization", "cookies", "welcome"),
    [
        (f"Bearer {TOKEN}", None, True),
        (f"bearer  {TOKEN}", None, True),
        (f"Basic {TOKEN}", None, False),
        ("Bearer", None, False),
        (None, None, False),
        (None, "{name}={cookie}", True),
        (None, 'x=1; {name}="{cookie}"', True),
        (None, "{name}={cookie}0", False),
        (None, "\x00=;;;=", False),
    ],
)
def test_headers_tell_whether_a_body_is_worth_having(
    authorization: str | None, cookies: str | None, welcome: bool
) -> None:
    access = Access(TOKEN)
    given = cookies and cookies.format(name=access.cookie_name, cookie=access.cookie)
    assert access.would_let_in(authorization, given) is welcome


def test_bearer_is_the_only_scheme() -> None:
    assert bearer("Bearer abc") == "abc"
    assert bearer("Basic abc") is None
    assert bearer(None) is None


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("", "is empty"),
        ("short", "has 5 letters"),
        ("x" * 257, "has 257 letters"),
        ("correct horse battery staple", "signs that a token cannot have"),
        ("größer-als-sechzehn-zeichen", "signs that a token cannot have"),
        ("line\nfeed-and-more-of-it", "signs that a token cannot have"),
        ("abababababababababab", "easily guessed"),
    ],
)
def test_tokens_that_are_none(token: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        checked(token, "LOOKALIKE_TOKEN")
    assert str(caught.value).startswith("LOOKALIKE_TOKEN ")
    assert "\n" not in str(caught.value)
    assert not token or token not in str(caught.value)


def test_a_token_is_made_once_for_this_account_alone(tmp_path: Path) -> None:
    token, file = made_token(tmp_path)
    assert file == tmp_path / TOKEN_FILE
    assert len(token) >= 43
    assert made_token(tmp_path) == (token, file)
    assert token_in(file) == token
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        file.chmod(0o644)
        made_token(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_is_not_followed_when_a_token_is_made(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="cannot be read"):
        made_token(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_where_no_token_can_be_kept_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--token-file or LOOKALIKE_TOKEN"):
        made_token(tmp_path / "missing")
    with pytest.raises(InputError, match="name another file with --token-file"):
        token_in(tmp_path / "missing")
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(InputError, match="is empty"):
        token_in(tmp_path / "empty")
    (tmp_path / "binary").write_bytes(os.urandom(4000))
    with pytest.raises(InputError):
        token_in(tmp_path / "binary")


def test_a_door_is_either_open_or_asks() -> None:
    with pytest.raises(InputError, match="choose one"):
        Door(token=TOKEN, open=True)
    for host in ("http://photos.example", "photos.example:80", "a b", "*", ""):
        with pytest.raises(InputError, match="no name of a host"):
            Door(hosts=(host,))
    with pytest.raises(InputError, match="in numbers"):
        Door(proxies=frozenset({"localhost"}))
    assert Door(hosts=("photos.example", "192.168.0.9", "[fe80::1]", "fe80::1", "nas")).hosts


# ---- refusals


def test_a_refusal_is_a_problem_or_a_page() -> None:
    refusal = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "As <many> as may.", 1.2, ends=True)
    head, _, body = refusal.answer().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"Retry-After: 2\r\n" in head
    assert b"Connection: close\r\n" in head
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert b"As <many> as may." in body
    page = refusal.answer(page=True)
    assert b"As &lt;many&gt; as may." in page
    assert b'http-equiv="refresh" content="2"' in page
    assert refusal.answer(body=False) == head + b"\r\n\r\n"
