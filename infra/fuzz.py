#!/usr/bin/env python3
"""Sends the local stack what the OpenAPI document allows and what it forbids, as four kinds of people, and
holds the answers against the document: schemathesis.

Needs schemathesis from PyPI and the built stack (`cargo build`):  python3 infra/fuzz.py
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

from invoke import ROOT, TOKYO, request, stack

PASSWORD = "a quiet morning at nine"
RATES = (
    "Login LoginAccount LoginAddress Register RegisterEmail Refresh Forgot ForgotAddress ResetAddress Message "
    "MatchRequest Block Upload Product Image Ticket Report Invitation InvitationAddress Project"
)
# Seconds; it takes two minutes.
PATIENCE = 600


def main():
    # The document's examples name the day after tomorrow.
    day = (datetime.now(TOKYO) + timedelta(days=2)).date()
    with ExitStack() as running:
        directory = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="enishi-")))
        # No limit is met.
        rates = [word for rate in RATES.split() for word in ("--parameter", f"{rate}Rate=999999/1s")]
        allowance = ["--parameter", "OrgFreeSeats=100000", "--parameter", "OrgFreeSeconds=4000000000"]
        api, aws = stack(running, directory, *rates, *allowance)
        people = settle(api, aws, day)
        # schemathesis keeps what it finds beside its configuration.
        fuzzed = shutil.copytree(ROOT / "infra/fuzz", directory / "fuzz")
        failed = [name for name, person in people.items() if not fuzz(fuzzed, api, name, person)]
    if failed:
        raise SystemExit(f"beside the document: as {', '.join(failed)}")
    return 0


def settle(api, aws, day):
    """On the morning of `day`, just before the rooms open: a stranger, somebody with a room, requests and
    chats, and an operator. What each sends, as hooks.py wants it."""

    def at(time):
        call(f"{aws}/_enishi/clock", {"time": f"{day}T{time}:00+09:00"}, method="PUT")

    at("08:45")
    hana = sign_up(api, "hana")
    token = hana["access_token"]
    call(f"{api}/register/", {"date": f"{day}"}, token)
    at("08:57")
    call(f"{aws}/_enishi/fire/rooms-assign", {"at": f"{day}T08:50:00+09:00"})
    room = call(f"{api}/meeting_url/{hana['user_id']}", token=token)["room_id"]

    others = [sign_up(api, f"other{number}") for number in range(12)]
    ids = [other["user_id"] for other in others]
    asked = [ask(api, other, hana) for other in others[:6]]
    asking = [ask(api, hana, other) for other in others[6:8]]
    chats = asked[:2]
    for chat in chats:
        call(f"{api}/api/matches/{chat}/accept", {}, token)
        for number in range(3):
            message = {"content": "안녕하세요", "client_msg_id": f"{number}"}
            call(f"{api}/api/chats/{chat}/messages", message, token)

    known = {
        "user_id": ids,
        "receiver_id": ids[8:],
        "chat_id": chats,
        "match_id": asked,
        "cancelMatchRequest.match_id": asking,
        "room_id": [room],
        # JSON Schema has no bounds for dates: today up to 30 days ahead; 19 years ago.
        "date": [f"{day}", f"{day + timedelta(days=30)}"],
        **{name: ["1920-01-01", "1995-03-02"] for name in ("birth_date", "date_of_birth")},
        "setMySchedule.until": [f"{day + timedelta(days=30)}"],
        # Few months of few lunar years are leap months.
        "leap_month": [False],
        # Which slots there are is configuration.
        "time": ["09:00"],
        # What only an answer gives: a list's next page, an upload's address.
        "cursor": [],
        "profile_img_url": [],
        # It must be with the person reported.
        "reportUser.chat_id": [],
        # Parameters cannot exclude each other, nor can one be the other's bound.
        "offset": [],
        "after_seq": [],
        "max_age": [],
        "max_price": [],
        # It wants an Idempotency-Key beside it, which no schema says.
        "updateProduct.stock_delta": [],
        # Not beyond the last message.
        "seq": [1, 2, 3],
        # No pattern says which characters of Unicode a name or a text may have.
        "signUp.username": [f"花 {number}" for number in range(100)],
        "registerProfile.name": ["서연"],
        **{name: ["비 오는 날 책방을 좋아해요.", "a", "🍀"] for name in ("content", "bio", "job", "location")},
        # … nor what is no contact data.
        **{name: ["縁", "a", "Ｅnishi 🍀"] for name in ("affiliation", "department", "position", "comment")},
        "decideCertificate.reason": ["生年月日が読めません。"],
        **{f"{operation}.reason": ["しつこい勧誘"] for operation in ("reportMatching", "decideReport")},
        **{
            f"{operation}.reason": ["割れていました。"]
            for operation in ("reportParcel", "refundParcel", "dismissOrderReport")
        },
        "shipParcel.carrier": ["日本郵便"],
        "sendMatchingMessage.text": ["よろしくお願いします。", "🍀"],
        # Hours end after they begin and do not overlap, which no schema says.
        "updateMyVisitsProfile.weekly": [[{"day": "monday", "from": "09:00", "to": "12:00"}], []],
        "updateMyVisitsProfile.exceptions": [[{"date": f"{day}", "available": []}], []],
        "listSlots.from": [f"{day}T00:00:00Z"],
        "listSlots.to": [f"{day + timedelta(days=7)}T00:00:00Z"],
        "bookMeeting.date": [f"{day + timedelta(days=7)}T10:00:00Z"],
        "markNotificationsRead.notice_ids": [["019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071"]],
        "time_zone": ["Asia/Tokyo", "europe/berlin"],
        **{f"{operation}.name": ["山田 花"] for operation in ("registerVisitor", "updateMyVisitsProfile")},
        # Each once, and of the item.
        "orderImages.images": [["019aa2c3-1f0e-7c55-8a1b-2c3d4e5f6071"], []],
        "display_name": ["空", "Sora"],
        **{name: ["九谷焼の湯のみ", "a", "🍵"] for name in ("item_name", "color", "series", "item_size", "keyword")},
        **{name: ["縁工房"] for name in ("maker_name", "seller", "representative")},
        **{name: ["三日以内に。"] for name in ("description", "delivery", "returns")},
        **{f"{operation}.address": ["石川県金沢市広坂1-2-3"] for operation in ("becomeMaker", "updateMyMaker")},
        **{f"{operation}.phone_number": ["076-123-4567"] for operation in ("becomeMaker", "updateMyMaker")},
        **{
            f"{operation}.{name}": [value]
            for operation in ("setCustomerAddress", "updateCustomerAddress")
            for name, value in (("name", "佐藤 空"), ("address", "石川県金沢市広坂1-2-3"))
        },
        "client_msg_id": ["é", "1", "2"],
        # An employee has a job, which no schema says; and here there is a fixed list.
        "registerVisitor.type": ["student"],
        **{
            f"{operation}.job": ["エンジニア", "総合職", "研究職"]
            for operation in ("registerVisitor", "updateMyVisitsProfile", "searchSpeakers")
        },
    }
    of_hana = {
        "getMeetingUrl.user_id": [hana["user_id"]],
        # A profile is added to one's own account.
        **{f"{sign_up}.email": ["hana@example.com"] for sign_up in ("signUp", "registerProfile", "registerVisitor")},
    }
    operator = log_in(api, "operator@example.com", "enishi-operator")["access_token"]
    leaving = sign_up(api, "leaving")["access_token"]
    customer = at_firebase(aws, "customer")
    admin, closing = (at_firebase(aws, name) for name in ("admin", "closing"))
    begin = {"id_token": customer["idToken"]}
    known |= {
        "id_token": [customer["idToken"]],
        # Each can be spent once.
        "session_key": [call(f"{api}/api/session", begin)["session_key"] for _ in range(9)],
        "refresh_token": [
            log_in(api, "leaving@example.com", PASSWORD)["refresh_token"] for _ in range(9)
        ],
    }
    admin_id, of_organisation = organisation(api, admin)
    known |= of_organisation
    of_admin = {
        # What one says of oneself.
        "createUser.uid": [admin["localId"]],
        **{f"{operation}.email": [admin["email"]] for operation in ("createUser", "editUser")},
        **{f"{operation}.user_id": [admin_id] for operation in ("getUser", "editUser", "editOrganizationMember")},
        "closeOrganization.organization_id": organisation(api, closing)[1]["organization_id"],
    }
    # No pattern says which characters of Unicode a line may have, nor that an invitation was mailed.
    known |= {
        **{f"{operation}.name": ["my_video.mp4", "花 1"] for operation in ("createProject", "editProject")},
        **{f"{operation}.status": ["created", "exported"] for operation in ("createProject", "editProject")},
        **{f"{operation}.company_name": ["いろは株式会社"] for operation in ("createUser", "editOrganization")},
        **{f"{operation}.address": ["東京都港区白銀高輪1-1-1"] for operation in ("createUser", "editOrganization")},
    }
    return {
        "a stranger": {"token": None, "known": known},
        "hana": {"token": token, "leaving_token": leaving, "known": known | of_hana},
        "an operator": {"token": operator, "leaving_token": leaving, "known": known},
        "an admin of an organisation": {
            "token": admin["idToken"],
            "leaving_token": closing["idToken"],
            "known": known | of_admin,
        },
    }


def sign_up(api, name):
    """Somebody with an account and profiles of rooms, saju and visits; the answer to their sign-up."""
    account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
    person = call(f"{api}/signup", account)
    profile = {"name": name, "birth_date": "1995-03-02", "gender": "other"}
    profile |= {"email": account["email"], "password": PASSWORD}
    call(f"{api}/api/users/register", profile, person["access_token"])
    profile = {"name": name, "date_of_birth": "1995-03-02", "phone_number": "090-1234-5678"}
    profile |= {"email": account["email"], "password": PASSWORD}
    profile |= {"type": "student", "affiliation": "縁大学"}
    call(f"{api}/api/users", profile, person["access_token"])
    return person


def at_firebase(aws, name):
    """Somebody with an account at Firebase; the answer to their sign-up."""
    account = {"email": f"{name}@example.com", "password": PASSWORD, "returnSecureToken": True}
    return call(f"{aws}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any", account)


def organisation(api, admin):
    """Makes somebody an organisation with projects and a licence; their id, and what is known of it."""
    token = admin["idToken"]
    company = {"company_name": "いろは株式会社", "postal_code": "123-4567", "address": "東京都港区白銀高輪1-1-1"}
    account = {"uid": admin["localId"], "email": admin["email"], "role": "admin", **company}
    user = call(f"{api}/v1/service/users", account, token)["user"]
    project = {"name": "my_video.mp4", "video_length": 1}
    projects = [call(f"{api}/v1/service/projects", project, token)["project"]["id"] for _ in range(30)]
    return user["id"], {
        "project_id": projects[10:],
        "deleteProject.project_id": projects[:10],
        "organization_id": [user["organization_id"]],
        "plan_id": [1],
        "license_id": [license(api, token)],
    }


def license(api, token):
    """Buys an organisation a licence on Stripe's page; its id."""
    path = f"{api}/v1/service/licenses"
    page = urlsplit(call(path, {"plan_id": 1, "quantity": 10000}, token)["checkout_url"])
    connection = HTTPConnection(page.netloc)
    connection.request("POST", page.path, "do=pay", {"content-type": "application/x-www-form-urlencoded"})
    connection.getresponse()
    for _ in range(100):
        if licenses := call(path, token=token)["licenses"]:
            return licenses[0]["id"]
        sleep(0.1)
    raise SystemExit("nobody was told that a licence was paid")


def log_in(api, email, password):
    return call(f"{api}/login", {"email": email, "password": password})


def ask(api, person, other):
    """A request for a match; its id."""
    body = {"receiver_id": other["user_id"]}
    return call(f"{api}/api/matches/request", body, person["access_token"])["match_id"]


def call(url, body=None, token=None, method=None):
    status, answer = request(url, body, token, method)
    if status >= 300:
        raise SystemExit(f"{url}: {status} {answer}")
    return answer


def fuzz(directory, api, name, person):
    """Whether all answers to this person are what the document says."""
    print(f"--- as {name}", flush=True)
    done = subprocess.run(
        ["st", "run", f"{api}/openapi.json"],
        cwd=directory,
        env={**os.environ, "PERSON": json.dumps(person)},
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    return done.returncode == 0


if __name__ == "__main__":
    # The stack ends with this program, also when it is told to.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
