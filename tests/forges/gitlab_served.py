"""GitLab as its REST API v4 is documented; a project goes by its number, or by its path as one part of the URL."""

from __future__ import annotations

from typing import Any

from .hosted import MADE, PROJECT_ID, REPOSITORY, Note, Pull
from .serving import TOKEN, Reply, Sent, Served, linked

PROJECT = rf"/projects/(?:ml%2Floans|{PROJECT_ID})"
_SHA = r"([0-9a-f]{40})"
_MEMBERS = {"ada": 11, "eve": 12, "bob": 13}


class GitLabServed(Served):
    below = "/api/v4"

    def __init__(self) -> None:
        super().__init__()
        notes = rf"{PROJECT}/merge_requests/(\d+)/notes"
        self.route("GET", "/user", lambda _: Reply(200, {"id": 1, "username": self.user}))
        self.route("GET", "/users", self.users)
        self.route("GET", rf"{PROJECT}/members/all/(\d+)", self.member)
        self.route("GET", rf"{PROJECT}/merge_requests", self.pulls)
        self.route("GET", rf"{PROJECT}/merge_requests/(\d+)", self.pull)
        self.route("GET", notes, self.comments)
        self.route("POST", notes, self.create)
        self.route("PUT", rf"{notes}/(\d+)", self.update)
        self.route("DELETE", rf"{notes}/(\d+)", self.delete)
        self.route("POST", rf"{PROJECT}/statuses/{_SHA}", self.status)

    def is_known(self, sent: Sent) -> bool:
        return sent.headers.get("private-token") == TOKEN

    def refuse(self, status: int, message: str) -> Reply:
        return Reply(status, {"message": f"{status} {message}"})

    def paged(self, sent: Sent, items: list[Any]) -> Reply:
        size, page = self.size(sent, "per_page", 20), int(sent.query.get("page", 1))
        reply = linked(self, sent, items, size)
        following = str(page + 1) if page * size < len(items) else ""
        return Reply(reply.status, reply.body, {**reply.headers, "X-Page": str(page), "X-Next-Page": following})

    def users(self, sent: Sent) -> Reply:
        name = sent.query["username"]
        return Reply(200, [{"id": _MEMBERS[name], "username": name}] if name in _MEMBERS else [])

    def member(self, _: Sent, id: str) -> Reply:
        name = next(name for name, number in _MEMBERS.items() if number == int(id))
        level = 40 if name in self.hosted.writers else 20 if name in self.hosted.readers else 0
        return Reply(200, {"id": int(id), "access_level": level}) if level else self.refuse(404, "Not found")

    def pulls(self, sent: Sent) -> Reply:
        found = [pull for pull in self.hosted.pulls.values() if pull.state == "open"]
        told = [{key: value for key, value in self.told(pull).items() if key != "diff_refs"} for pull in found]
        return self.paged(sent, told) if sent.query["state"] == "opened" else self.refuse(400, "state is invalid")

    def pull(self, _: Sent, number: str) -> Reply:
        found = self.hosted.pulls.get(int(number))
        return Reply(200, self.told(found)) if found else self.refuse(404, "Not found")

    def comments(self, sent: Sent, number: str) -> Reply:
        told = [self.note(note) for note in self.hosted.of(int(number))]
        system = {**self.note(Note(1, int(number), "ada", "added 1 commit", 0)), "system": True}
        return self.paged(sent, [system, *told])

    def create(self, sent: Sent, number: str) -> Reply:
        if int(number) not in self.hosted.pulls:
            return self.refuse(404, "Not found")
        if len(sent.body["body"]) > 1_000_000:
            return self.refuse(400, "Note is too long (maximum is 1000000 characters)")
        return Reply(201, self.note(self.hosted.say(int(number), self.user, sent.body["body"])))

    def update(self, sent: Sent, _: str, id: str) -> Reply:
        note = self.hosted.edit(int(id), sent.body["body"])
        return Reply(200, self.note(note)) if note else self.refuse(404, "Not found")

    def delete(self, _: Sent, __: str, id: str) -> Reply:
        return Reply(204) if self.hosted.take_away(int(id)) else self.refuse(404, "Not found")

    def status(self, sent: Sent, sha: str) -> Reply:
        body = sent.body
        if body["state"] not in ("pending", "running", "success", "failed", "canceled"):
            return self.refuse(400, "state does not have a valid value")
        known = self.hosted.statuses.get((sha, body["name"]))
        if known and known["state"] == body["state"]:
            return Reply(400, {"message": f"Cannot transition status via :run from :{body['state']}"})
        self.hosted.statuses[sha, body["name"]] = body
        return Reply(201, body)

    def told(self, pull: Pull) -> dict[str, Any]:
        source = PROJECT_ID if pull.head_repository == REPOSITORY else 99 if pull.head_repository else None
        return {
            "id": 9000 + pull.number,
            "iid": pull.number,
            "title": pull.title,
            "state": "opened" if pull.state == "open" else pull.state,
            "draft": pull.is_draft,
            "author": {"username": pull.author} if pull.author else None,
            "sha": pull.head_commit,
            "source_branch": pull.head_branch,
            "source_project_id": source,
            "target_project_id": PROJECT_ID,
            "target_branch": pull.base_branch,
            "diff_refs": {"base_sha": pull.base_commit, "head_sha": pull.head_commit, "start_sha": pull.base_commit},
            "labels": list(pull.labels),
            "merge_commit_sha": pull.merge_commit or None,
            "squash_commit_sha": None,
            "web_url": f"https://gitlab.com/{REPOSITORY}/-/merge_requests/{pull.number}",
        }

    def note(self, note: Note) -> dict[str, Any]:
        author = {"username": note.author} if note.author else None
        created = MADE.format(note.second).replace("Z", ".000Z")
        return {"id": note.id, "body": note.body, "author": author, "created_at": created, "system": False}
