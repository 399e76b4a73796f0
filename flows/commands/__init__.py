"""Commands: what a person starts and no orchestrator knows."""
