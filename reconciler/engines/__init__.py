"""Where steps run: each engine one file behind the protocol in `base`."""
