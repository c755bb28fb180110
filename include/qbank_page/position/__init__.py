"""Position: what is where, also in a reporting currency."""
