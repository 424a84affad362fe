"""The command line: verbs as Flux and kubectl have them."""
