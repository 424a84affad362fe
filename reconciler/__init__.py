"""GitOps for machine learning: `git push` trains, `git revert` puts the old model back."""

__version__ = "0.1.0"
