"""Desired and actual state to a plan. Pure: every rule about what runs, and why, is here and nothing else."""
