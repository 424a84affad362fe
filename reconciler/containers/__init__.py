"""A Docker engine and its images, as builders of environments and engines of steps share them."""
