"""Bitbucket Cloud as its REST API 2.0 is documented: commits told by their start, users by a UUID."""

from __future__ import annotations

import re
from typing import Any

from .hosted import ADA, EVE, MADE, REPOSITORY, Note, Pull, uuid_of
from .serving import TOKEN, Reply, Sent, Served

REPO = rf"/repositories/{REPOSITORY}"
_SHA = r"([0-9a-f]{40})"


class BitbucketServed(Served):
    below = "/2.0"

    def __init__(self) -> None:
        super().__init__()
        comments = rf"{REPO}/pullrequests/(\d+)/comments"
        self.route("GET", "/user", lambda _: Reply(200, {"uuid": uuid_of(self.user), "nickname": self.user}))
        self.route("GET", rf"{REPO}/pullrequests", self.pulls)
        self.route("GET", rf"{REPO}/pullrequests/(\d+)", self.pull)
        self.route("GET", r"/repositories/(\w+/\w+)/commit/([0-9a-f]+)", self.commit)
        self.route("GET", comments, self.comments)
        self.route("POST", comments, self.create)
        self.route("PUT", rf"{comments}/(\d+)", self.update)
        self.route("DELETE", rf"{comments}/(\d+)", self.delete)
        self.route("POST", rf"{REPO}/commit/{_SHA}/statuses/build", self.status)
        self.route("PUT", rf"{REPO}/commit/{_SHA}/reports/([\w.-]+)", self.report)
        self.route("DELETE", rf"{REPO}/commit/{_SHA}/reports/([\w.-]+)", self.forget)
        self.route("POST", rf"{REPO}/commit/{_SHA}/reports/([\w.-]+)/annotations", self.annotations)
        self.route("GET", r"/workspaces/ml/permissions/repositories/loans", self.permissions)

    def is_known(self, sent: Sent) -> bool:
        return sent.headers.get("authorization") == f"Bearer {TOKEN}"

    def refuse(self, status: int, message: str) -> Reply:
        return Reply(status, {"type": "error", "error": {"message": message}})

    def paged(self, sent: Sent, items: list[Any]) -> Reply:
        size, page = self.size(sent, "pagelen", 10), int(sent.query.get("page", 1))
        told: dict[str, Any] = {"size": len(items), "page": page, "values": items[(page - 1) * size : page * size]}
        if page * size < len(items):
            told["next"] = self.page_url(sent, page + 1)
        return Reply(200, told)

    def pulls(self, sent: Sent) -> Reply:
        if int(sent.query["pagelen"]) > 50:
            return self.refuse(400, "Invalid pagelen")
        found = [pull for pull in self.hosted.pulls.values() if pull.state == sent.query["state"].lower()]
        return self.paged(sent, [self.told(pull) for pull in found])

    def pull(self, _: Sent, number: str) -> Reply:
        found = self.hosted.pulls.get(int(number))
        return Reply(200, self.told(found)) if found else self.refuse(404, "Not found")

    def commit(self, _: Sent, repository: str, start: str) -> Reply:
        for pull in self.hosted.pulls.values():
            if pull.head_commit.startswith(start) and repository == (pull.head_repository or REPOSITORY):
                return Reply(200, {"type": "commit", "hash": pull.head_commit})
        return self.refuse(404, "Commit not found")

    def comments(self, sent: Sent, number: str) -> Reply:
        told = [self.note(note) for note in self.hosted.of(int(number))]
        deleted = {**self.note(Note(1, int(number), ADA, "", 0)), "deleted": True}
        return self.paged(sent, [deleted, *told])

    def create(self, sent: Sent, number: str) -> Reply:
        if int(number) not in self.hosted.pulls:
            return self.refuse(404, "Not found")
        raw = sent.body["content"]["raw"]
        if len(raw) > 32_768:
            return self.refuse(400, "content.raw: Ensure this value has at most 32768 characters")
        return Reply(201, self.note(self.hosted.say(int(number), self.user, raw)))

    def update(self, sent: Sent, _: str, id: str) -> Reply:
        note = self.hosted.edit(int(id), sent.body["content"]["raw"])
        return Reply(200, self.note(note)) if note else self.refuse(404, "Not found")

    def delete(self, _: Sent, __: str, id: str) -> Reply:
        return Reply(204) if self.hosted.take_away(int(id)) else self.refuse(404, "Not found")

    def status(self, sent: Sent, sha: str) -> Reply:
        body = sent.body
        if body["state"] not in ("SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED") or not body["url"]:
            return self.refuse(400, "Bad request")
        if len(body["key"]) > 40:
            return self.refuse(400, "key: Ensure this value has at most 40 characters")
        self.hosted.statuses[sha, body["name"]] = body
        return Reply(201, body)

    def report(self, sent: Sent, sha: str, name: str) -> Reply:
        if not {"title", "details", "report_type"} <= sent.body.keys():
            return self.refuse(400, "Bad request")
        annotations = self.hosted.reports.get(name, {}).get("annotations", {})
        self.hosted.reports[name] = {**sent.body, "commit": sha, "annotations": annotations}
        return Reply(200, sent.body)

    def forget(self, _: Sent, __: str, name: str) -> Reply:
        self.hosted.reports.pop(name, None)
        return Reply(204)

    def annotations(self, sent: Sent, _: str, name: str) -> Reply:
        known = self.hosted.reports[name]["annotations"]
        if len(sent.body) > 100 or any(not 0 < len(each["summary"]) <= 450 for each in sent.body):
            return self.refuse(400, "Bad request")
        known.update({each["external_id"]: each for each in sent.body})
        return Reply(200, sent.body) if len(known) <= 1000 else self.refuse(400, "too many annotations")

    def permissions(self, sent: Sent) -> Reply:
        found = re.fullmatch(r'user\.uuid="(\{[0-9a-f-]+\})"', sent.query["q"])
        levels = {ADA: "write", EVE: "read"}
        told = [
            {"user": {"uuid": uuid_of(name)}, "permission": level}
            for name, level in levels.items()
            if found and uuid_of(name) == found[1]
        ]
        return self.paged(sent, told)

    def told(self, pull: Pull) -> dict[str, Any]:
        states = {"open": "OPEN", "closed": "DECLINED", "merged": "MERGED"}
        head = {"full_name": pull.head_repository} if pull.head_repository else None
        merge = {"hash": pull.merge_commit[:12]} if pull.merge_commit else None
        return {
            "type": "pullrequest",
            "id": pull.number,
            "title": pull.title,
            "state": states[pull.state],
            "draft": pull.is_draft,
            "author": {"uuid": uuid_of(pull.author), "nickname": pull.author} if pull.author else None,
            "source": {
                "branch": {"name": pull.head_branch},
                "commit": {"hash": pull.head_commit[:12]},
                "repository": head,
            },
            "destination": {
                "branch": {"name": pull.base_branch},
                "commit": {"hash": pull.base_commit[:12]},
                "repository": {"full_name": REPOSITORY},
            },
            "merge_commit": merge,
            "links": {"html": {"href": f"https://bitbucket.org/{REPOSITORY}/pull-requests/{pull.number}"}},
        }

    def note(self, note: Note) -> dict[str, Any]:
        user = {"uuid": uuid_of(note.author), "nickname": note.author} if note.author else None
        created = MADE.format(note.second).replace("Z", ".123456+00:00")
        return {"id": note.id, "content": {"raw": note.body}, "user": user, "created_on": created, "deleted": False}
