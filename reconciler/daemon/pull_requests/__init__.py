"""The daemon's side of pull requests: what each would train is told there, and run before the merge where asked for."""
