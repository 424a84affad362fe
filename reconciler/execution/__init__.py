"""Plans to runs: steps started when what they need is there, results reused, sweeps drawn and judged."""
