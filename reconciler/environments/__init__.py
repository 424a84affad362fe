"""What steps run in: environments built from manifests, each builder one file behind the protocol in `base`."""
