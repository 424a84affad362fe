"""Git to snapshots: mirrors of followed branches, uncommitted work trees, and the content of both."""
