"""PostgreSQL and Valkey from wheels, and the demo's process runner: nothing to install, nothing left behind."""
