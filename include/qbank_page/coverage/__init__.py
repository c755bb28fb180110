"""Coverage: account by hour of a week."""
