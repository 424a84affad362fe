"""GitHub as its REST API is documented, and what Gitea has from it."""

from __future__ import annotations

from typing import Any

from .hosted import BOT, MADE, REPOSITORY, Note, Pull
from .serving import TOKEN, Reply, Sent, Served, linked

REPO = rf"/repos/{REPOSITORY}"
_SHA = r"([0-9a-f]{40})"


class GitHubLikeServed(Served):
    per_page = ("per_page", 30)
    longest_text = 140
    is_paging_comments = True

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", "/user", self.me)
        self.route("GET", rf"{REPO}/pulls", self.pulls)
        self.route("GET", rf"{REPO}/pulls/(\d+)", self.pull)
        self.route("GET", rf"{REPO}/issues/(\d+)/comments", self.comments)
        self.route("POST", rf"{REPO}/issues/(\d+)/comments", self.create)
        self.route("PATCH", rf"{REPO}/issues/comments/(\d+)", self.update)
        self.route("DELETE", rf"{REPO}/issues/comments/(\d+)", self.delete)
        self.route("POST", rf"{REPO}/statuses/{_SHA}", self.status)
        self.route("GET", rf"{REPO}/collaborators/([^/]+)/permission", self.permission)

    def me(self, _: Sent) -> Reply:
        return Reply(200, {"login": self.user, "id": 1})

    def paged(self, sent: Sent, items: list[Any]) -> Reply:
        return linked(self, sent, items, self.size(sent, *self.per_page))

    def pulls(self, sent: Sent) -> Reply:
        state = sent.query.get("state", "open")
        found = [pull for pull in self.hosted.pulls.values() if (pull.state == "open") == (state == "open")]
        return self.paged(sent, [self.told(pull) for pull in found])

    def pull(self, _: Sent, number: str) -> Reply:
        found = self.hosted.pulls.get(int(number))
        return Reply(200, self.told(found)) if found else self.refuse(404, "Not Found")

    def comments(self, sent: Sent, number: str) -> Reply:
        told = [self.note(note) for note in self.hosted.of(int(number))]
        return self.paged(sent, told) if self.is_paging_comments else Reply(200, told)

    def create(self, sent: Sent, number: str) -> Reply:
        if int(number) not in self.hosted.pulls:
            return self.refuse(404, "Not Found")
        if len(sent.body["body"]) > 65_536:
            return self.refuse(422, "body is too long (maximum is 65536 characters)")
        return Reply(201, self.note(self.hosted.say(int(number), self.user, sent.body["body"])))

    def update(self, sent: Sent, id: str) -> Reply:
        note = self.hosted.edit(int(id), sent.body["body"])
        return Reply(200, self.note(note)) if note else self.refuse(404, "Not Found")

    def delete(self, _: Sent, id: str) -> Reply:
        return Reply(204) if self.hosted.take_away(int(id)) else self.refuse(404, "Not Found")

    def status(self, sent: Sent, sha: str) -> Reply:
        body = sent.body
        if body["state"] not in ("error", "failure", "pending", "success") or not body["context"]:
            return self.refuse(422, "Validation Failed")
        if len(body["description"]) > self.longest_text:
            return self.refuse(422, "description is too long")
        self.hosted.statuses[sha, body["context"]] = body
        return Reply(201, body)

    def permission(self, _: Sent, user: str) -> Reply:
        if user in self.hosted.writers:
            return Reply(200, {"permission": "write", "role_name": "maintain", "user": {"login": user}})
        if user in self.hosted.readers:
            return Reply(200, {"permission": "read", "role_name": "triage", "user": {"login": user}})
        return self.refuse(404, f"{user} is not a user")

    def told(self, pull: Pull) -> dict[str, Any]:
        head = {"full_name": pull.head_repository} if pull.head_repository else None
        return {
            "id": 9000 + pull.number,
            "number": pull.number,
            "title": pull.title,
            "state": "open" if pull.state == "open" else "closed",
            "draft": pull.is_draft,
            "user": {"login": pull.author} if pull.author else None,
            "head": {"ref": pull.head_branch, "sha": pull.head_commit, "repo": head},
            "base": {"ref": pull.base_branch, "sha": pull.base_commit, "repo": {"full_name": REPOSITORY}},
            "labels": [{"name": label} for label in pull.labels],
            "merged_at": MADE.format(59) if pull.state == "merged" else None,
            "merge_commit_sha": pull.merge_commit or "f" * 40,  # of a merge that is only tried
            "html_url": f"https://github.com/{REPOSITORY}/pull/{pull.number}",
        }

    def note(self, note: Note) -> dict[str, Any]:
        author = {"login": note.author} if note.author else None
        return {"id": note.id, "body": note.body, "user": author, "created_at": MADE.format(note.second)}


class GitHubServed(GitHubLikeServed):
    """A server of one's own, whose API is below /api/v3; `is_app` where the token is that of Actions."""

    below = "/api/v3"

    def __init__(self) -> None:
        super().__init__()
        self.is_app = False
        self.route("POST", rf"{REPO}/check-runs", self.check)
        self.route("PATCH", rf"{REPO}/check-runs/(\d+)", self.more)

    def is_known(self, sent: Sent) -> bool:
        return (
            sent.headers.get("authorization") == f"Bearer {TOKEN}"
            and sent.headers.get("x-github-api-version") == "2022-11-28"
            and sent.headers.get("accept") == "application/vnd.github+json"
        )

    def _routed(self, sent: Sent) -> Reply:
        if sent.path == "/api/graphql":
            return Reply(200, {"data": {"viewer": {"login": BOT}}})
        return super()._routed(sent)

    def me(self, sent: Sent) -> Reply:
        return self.refuse(403, "Resource not accessible by integration") if self.is_app else super().me(sent)

    def check(self, sent: Sent) -> Reply:
        output = sent.body["output"]
        if not self.is_app:
            return self.refuse(403, "You must authenticate via a GitHub App.")
        if len(output["annotations"]) > 50 or not output["title"] or not output["summary"]:
            return self.refuse(422, "Validation Failed")
        self.hosted.checks.append({**sent.body, "annotations": list(output["annotations"])})
        return Reply(201, {"id": len(self.hosted.checks)})

    def more(self, sent: Sent, id: str) -> Reply:
        annotations = sent.body["output"]["annotations"]
        if len(annotations) > 50:
            return self.refuse(422, "Validation Failed")
        self.hosted.checks[int(id) - 1]["annotations"].extend(annotations)
        return Reply(200, {"id": int(id)})
